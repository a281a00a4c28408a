# SPDX-License-Identifier: GPL-2.0
# The records as a table for people: a line for what was done, a column for each
# who did it; medians. With --argjson matrix true the whole of mempool_perf.

def subjects: [
	"mpool", "mpool-size", "mpool-64", "kmem_cache", "kmalloc", "mempool",
	"alloc_pages", "alloc_pages_bulk", "page_pool", "bare", "bare-irq",
	"bare-checked", "mpool_strict", "memfd", "dma_heap", "anonymous",
	"clear_page"
];

def bytes: if . >= 1048576 then "\(. / 1048576)M"
	elif . >= 1024 then "\(. / 1024)K"
	elif . == 0 then "-" else tostring end;

def what: [
	.shape, (.size | bytes),
	(if .keep then "\(.batch)/\(.put)/\(.keep)" else .batch end),
	.threads, .unit
];

# groups in the order of their first record
def grouped(f): reduce to_entries[] as $e ({};
		($e.value | f | tojson) as $k |
		.[$k] //= { at: $e.key, of: [] } | .[$k].of += [$e.value]) |
	[.[]] | sort_by(.at) | map(.of);

map(select(.unit != "tsc" and ($matrix or .shape != "mempool_perf" or
			       .batch == .put))) |
grouped([.bed, .init_on_alloc])[] |
(subjects - (subjects - map(.subject))) as $columns |
"",
"\(.[0].bed), init_on_alloc=\(.[0].init_on_alloc)",
((["shape", "size", "batch", "thr", "unit"] + $columns) | @tsv),
(grouped(what)[] |
	(map({ (.subject): .median }) | add) as $by |
	((.[0] | what) + [$columns[] | $by[.] // "" | tostring]) | @tsv)
