// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping leases, and taking mappings away.
 *
 * Pages come by faults alone, as ordinary file pages do, so that everything
 * in the kernel that pins user memory takes them.  A fault and a release of
 * the same buffer meet at the page lock, as faults and truncation do:
 *
 *   fault                                release
 *     find the slot live, take a           kill the slot
 *     reference (client's lock)              (client's lock)
 *     lock the page                        lock and unlock each page
 *     still live? (client's lock)          zap
 *     core mm maps it, unlocks             buffer and slot are free
 *
 * A fault that finds its slot live under the page lock has the page mapped
 * before release gets that lock, and so before it zaps; one that comes later
 * finds the slot dead.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "class.h"
#include "compat/mapcount.h"
#include "compat/mmap.h"
#include "hold.h"
#include "pool.h"
#include "window.h"

/* A tier's limit as it is now: later growth is out of this window's reach. */
static u32 capacity(const struct mpool *pool, u32 size)
{
	return min_t(u32, READ_ONCE(pool->settings.max[mpool_tier(size)]),
		     MPOOL_SLOTS_MAX);
}

/* Appends @nr strides to the window; they are the class's. */
static int add_region(struct mpool_window *window, unsigned int index,
		      u32 size, u32 nr)
{
	struct mpool_region *region = &window->regions[index];

	region->base = window->size;
	region->size = size;
	region->shift = order_base_2(max_t(u32, size, PAGE_SIZE));
	if (check_add_overflow(window->size, (u64)nr << region->shift,
			       &window->size) ||
	    window->size > MAX_LFS_FILESIZE)
		return -EOVERFLOW;
	return 0;
}

static int lay_out_buffers(struct mpool_window *window, const struct mpool *pool)
{
	u32 nr, i;
	int err;

	for (i = pool->nr_classes; i-- && pool->sizes[i] >= PAGE_SIZE; ) {
		nr = capacity(pool, pool->sizes[i]);
		window->slots.classes[i].capacity = nr;
		err = add_region(window, i, pool->sizes[i], nr);
		if (err)
			return err;
		window->first = i;
	}
	return window->size ? 0 : -EOPNOTSUPP;
}

/*
 * Above half a page, a piece would be a page; below MPOOL_PIECE_MIN nothing is
 * leased, and a region stands for nothing.  All pages there may be have a
 * place in each region: offsets cost nothing.  A pool with sizes of its own may
 * have no class of single pages: of a larger buffer a fault would map its other
 * pages where the pieces of the next one stand.
 */
static int lay_out_pieces(struct mpool_window *window, const struct mpool *pool)
{
	struct mpool_slot_class *sc;
	u32 nr, i;
	int err;

	if (pool->sizes[window->first] != PAGE_SIZE)
		return 0;
	nr = min_t(u32, capacity(pool, PAGE_SIZE),
		   MPOOL_SLOTS_MAX / MPOOL_SLOT_CHUNK);
	while (pool->sizes[window->carved] <= PAGE_SIZE / 2)
		window->carved++;
	for (i = window->carved; i--; ) {
		sc = &window->slots.classes[i];
		sc->pieces = min_t(u32, PAGE_SIZE / pool->sizes[i],
				   MPOOL_SLOT_CHUNK);
		sc->capacity = nr * MPOOL_SLOT_CHUNK;
		err = add_region(window, i, pool->sizes[i], nr);
		if (err)
			return err;
	}
	return 0;
}

/**
 * mpool_window_new() - lay out a window for a pool's page classes
 * @pool: the pool
 * @mapping: that the window's mappings are found by
 * @strict: every lease has pages of its own
 *
 * Context: process, may sleep.
 * Return: the window or ERR_PTR(): -EOPNOTSUPP: the pool has no page class;
 * -EOVERFLOW: no file could be so long; -ENOMEM.
 */
struct mpool_window *mpool_window_new(const struct mpool *pool,
				      struct address_space *mapping,
				      bool strict)
{
	struct mpool_window *window;
	int err;

	window = kzalloc(struct_size(window, regions, pool->nr_classes),
			 GFP_KERNEL_ACCOUNT);
	if (!window)
		return ERR_PTR(-ENOMEM);
	window->mapping = mapping;
	window->nr = pool->nr_classes;
	err = mpool_slots_init(&window->slots, window->nr);
	if (err)
		goto free_window;
	err = lay_out_buffers(window, pool);
	if (!err && !strict)
		err = lay_out_pieces(window, pool);
	if (err)
		goto exit_slots;
	return window;

exit_slots:
	mpool_slots_exit(&window->slots);
free_window:
	kfree(window);
	return ERR_PTR(err);
}

/**
 * mpool_window_free() - undo mpool_window_new(); no lease is left
 * @window: the window
 *
 * Context: process, may sleep.
 */
void mpool_window_free(struct mpool_window *window)
{
	mpool_slots_exit(&window->slots);
	kfree(window);
}

/* The class in whose region an offset below the window's size lies. */
static unsigned int find_region(const struct mpool_window *window, u64 offset)
{
	unsigned int low = window->first, high = window->nr - 1, mid;

	/* Regions of pieces, if there are any, come behind those of buffers. */
	if (window->carved && offset >= window->regions[window->carved - 1].base) {
		low = 0;
		high = window->carved - 1;
	}
	/* Bases fall with the index: look for the first not above offset. */
	while (low < high) {
		mid = (low + high) / 2;
		if (window->regions[mid].base <= offset)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* The buffer that leases at a slot or of a page's pieces stand in, or NULL. */
static struct mpool_desc *find_leased(struct mpool_window *window, u32 id,
				      u32 *gen)
{
	struct mpool_slot *slot;

	lockdep_assert_held(&window->slots.lock);
	/* A page's pieces change; it is the client's while any is used. */
	*gen = 0;
	slot = mpool_slots_find(&window->slots, id);
	if (slot && mpool_slot_index(id) < window->carved)
		return mpool_slots_page(&window->slots, slot);
	if (!slot || slot->state != MPOOL_SLOT_LIVE)
		return NULL;
	*gen = slot->gen;
	return slot->desc;
}

/* Takes a reference on the page at an offset, if a lease stands there. */
static struct page *get_leased_page(struct mpool_window *window, u64 offset,
				    u32 *id, u32 *gen)
{
	unsigned int index = find_region(window, offset);
	const struct mpool_region *region = &window->regions[index];
	struct page *page = NULL;
	struct mpool_desc *desc;
	u64 inside, nr;

	offset -= region->base;
	nr = offset >> region->shift;
	if (index < window->carved)
		nr *= MPOOL_SLOT_CHUNK;
	*id = mpool_slot_id(index, nr);
	inside = offset & (BIT_ULL(region->shift) - 1);
	/* Behind a buffer; a page of pieces has nothing inside but itself. */
	if (inside >= region->size)
		return NULL;

	spin_lock(&window->slots.lock);
	desc = find_leased(window, *id, gen);
	if (desc) {
		page = virt_to_page(desc->addr + inside);
		get_page(page);
	}
	spin_unlock(&window->slots.lock);
	return page;
}

static bool still_leased(struct mpool_window *window, u32 id, u32 gen,
			 const struct page *page)
{
	struct mpool_desc *desc;
	u32 now;
	bool same;

	spin_lock(&window->slots.lock);
	desc = find_leased(window, id, &now);
	same = desc && now == gen &&
	       (gen || virt_to_page(desc->addr) == page);
	spin_unlock(&window->slots.lock);
	return same;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct mpool_window *window = vmf->vma->vm_private_data;
	u64 offset = (u64)vmf->pgoff << PAGE_SHIFT;
	struct page *page;
	u32 id, gen;

	/* mmap() checked the range; mremap() and others move within it. */
	if (offset >= window->size)
		return VM_FAULT_SIGBUS;
	page = get_leased_page(window, offset, &id, &gen);
	if (!page)
		return VM_FAULT_SIGBUS;
	mpool_hold(MPOOL_HOLD_FOUND);

	/* Held by other faults and by releases, for moments only. */
	folio_lock(page_folio(page));
	if (!still_leased(window, id, gen, page)) {
		folio_unlock(page_folio(page));
		put_page(page);
		return VM_FAULT_SIGBUS;
	}
	mpool_hold(MPOOL_HOLD_CHECKED);
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

static const struct vm_operations_struct window_ops = {
	.fault = fault,
};

/**
 * mpool_window_mmap() - map a part of the window
 * @window: the window
 * @m: what is asked for: shared, inside the window, not executable
 *
 * A mapping cannot grow (VM_DONTEXPAND), since what it covers was checked
 * here.  It stays out of core dumps (VM_DONTDUMP): a window is large and for
 * the most part empty, and what stands in it may be other processes' data.
 * Memory mapped from a file opened for reading alone can never be written:
 * core mm has cleared VM_MAYWRITE.
 *
 * Context: mmap_lock is held.
 * Return: 0; -EINVAL: private, or not within the window; -EPERM: executable.
 */
int mpool_window_mmap(struct mpool_window *window, struct mpool_mapping *m)
{
	u64 pages = window->size >> PAGE_SHIFT;

	/* VM_SHARED is missing from read-only files' mappings. */
	if (!(m->flags & VM_MAYSHARE))
		return -EINVAL;
	if (m->flags & VM_EXEC)
		return -EPERM;
	if (m->pgoff > pages || m->pages > pages - m->pgoff)
		return -EINVAL;
	m->set = VM_DONTEXPAND | VM_DONTDUMP;
	m->clear = VM_MAYEXEC;
	m->ops = &window_ops;
	m->private = window;
	return 0;
}

/* Waits for faults that found the buffer's slot live (see above). */
static void wait_for_faults(const struct mpool_desc *desc)
{
	size_t size = desc->cls->size, done = 0;
	struct folio *folio;

	/* One lock for a compound page, one each for split ones. */
	while (done < size) {
		folio = page_folio(virt_to_page(desc->addr + done));
		folio_lock(folio);
		folio_unlock(folio);
		done += folio_size(folio);
	}
}

/**
 * mpool_window_pinned() - does anything but page-table entries reach a buffer
 * @desc: a buffer whose slot is dead; it may be mapped still
 *
 * A fault that is under way, or a look at the page by somebody who passes,
 * reads as a pin: true is "zap it and see".  A pin that is taken while this
 * looks may be missed; it was taken through a mapping of a lease that is
 * over, and finds the client's own bytes.
 *
 * Context: any.
 * Return: true when a page's count is more than its mappings and the pool's.
 */
bool mpool_window_pinned(const struct mpool_desc *desc)
{
	size_t size = desc->cls->size, done = 0;
	struct folio *folio;
	int refs;

	while (done < size) {
		folio = page_folio(virt_to_page(desc->addr + done));
		refs = folio_ref_count(folio);
		/* A mapping that goes meanwhile reads as a pin, not as none. */
		smp_rmb();
		if (refs != 1 + mpool_folio_mapcount(folio))
			return true;
		done += folio_size(folio);
	}
	return false;
}

static int by_slot(const void *a, const void *b)
{
	const struct mpool_hold *x = a, *y = b;

	return x->slot->id < y->slot->id ? -1 : x->slot->id > y->slot->id;
}

/**
 * mpool_window_zap() - take away all mappings of killed slots' buffers
 * @window: the window
 * @nr: how many
 * @holds: slots and buffers; left in the window's order
 *
 * When it returns, no page-table entry of this window reaches the buffers, in
 * whatever process.  Pins taken through one may.
 *
 * Context: process, may sleep.  The caller may not hold a page lock or
 * mmap_lock.
 */
void mpool_window_zap(struct mpool_window *window, unsigned int nr,
		      struct mpool_hold *holds)
{
	const struct mpool_region *region;
	u64 start = 0, end = 0, offset;
	unsigned int i;

	for (i = 0; i < nr; i++)
		wait_for_faults(holds[i].desc);

	/* One walk and one flush for neighbours. */
	sort(holds, nr, sizeof(*holds), by_slot, NULL);
	for (i = 0; i < nr; i++) {
		region = &window->regions[mpool_slot_index(holds[i].slot->id)];
		offset = mpool_window_offset(window, holds[i].slot->id);
		if (offset != end) {
			if (end)
				unmap_mapping_range(window->mapping, start,
						    end - start, 1);
			start = offset;
		}
		end = offset + BIT_ULL(region->shift);
	}
	unmap_mapping_range(window->mapping, start, end - start, 1);
}
