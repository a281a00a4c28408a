# SPDX-License-Identifier: GPL-2.0
# mpool: pools of ready buffers. "make help" lists what can be made.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.1
VM := selftests/vm

MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := all
.PHONY: all modules clean install help vm demo check check-all check-kunit \
	check-selftests attack coverage torture bench bench-quick static kernels distclean-cache docs

# Whatever is missing is said in one line.
cc_found = $(shell command -v $(firstword $(CC)))
need_build = $(if $(cc_found),,$(error no compiler: install build-essential)) \
	$(if $(wildcard $(KDIR)/Makefile),,$(error no kernel headers in $(KDIR): \
	install linux-headers-$(shell uname -r) or set KDIR=))
need_root = $(if $(filter 0,$(shell id -u)),,$(error this needs root: sudo make $@))
need_packages = $(foreach m,$(shell $(VM)/packages.sh --check $(1) | tr ' ' '~'),$(error $(subst ~, ,$(m))))
need_chroot = $(if $(filter 7.2,$(KERNEL)),$(need_root))

all: modules

modules:	## build mpool.ko for KDIR (default: the running kernel); W=1, C=1 as in kbuild
	@:$(strip $(need_build))
	@$(MAKE) -C "$(KDIR)" M="$(CURDIR)" modules

clean:		## remove what was built here
	@rm -rf build
	@find . -name .git -prune -o -type f \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' -o -name 'modules.order' \
		-o -name 'Module.symvers' \) -exec rm -f {} +
	@find . -name .git -prune -o -type d -name .tmp_versions -exec rm -rf {} +

install:	## modules_install and depmod (root; INSTALL_MOD_PATH= for elsewhere)
	@:$(strip $(need_build))
	@:$(if $(INSTALL_MOD_PATH),,$(need_root))
	@test -e mpool.ko || $(MAKE) modules
	@# without a key of the kernel's own, signing only prints errors
	@$(MAKE) -C "$(KDIR)" M="$(CURDIR)" modules_install DEPMOD=true \
		$(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)
	@depmod $(if $(INSTALL_MOD_PATH),-b "$(INSTALL_MOD_PATH)") \
		"$$(modinfo -F vermagic mpool.ko | cut -d ' ' -f 1)"

vm:		## a shell in a VM with mpool loaded, or commands from stdin; KERNEL=6.1|6.12|7.2
	@:$(call need_packages,base)$(need_chroot)
	@$(VM)/vm.sh stock-$(KERNEL)

demo:		## the demonstration in a VM; INPUT=file, KERNEL=6.1|6.12|7.2
	@:$(call need_packages,base tools)$(need_chroot)
	@VARIANT=bare selftests/demo/host.sh "$(KERNEL)" "$(INPUT)"

check:		## all tests in VMs: KUnit on a debug kernel, kselftests on a stock and a debug kernel
	@:$(call need_packages,base debug tools lint)
	@$(VM)/check.sh

check-all:	## the same, and on 6.12 and 7.2: kselftests, and KUnit on user-mode Linux
	@:$(call need_packages,base debug tools lint)
	@MORE_BEDS="stock-6.12 stock-7.2" KUNIT_BEDS="debug-6.1 native-7.2" $(VM)/check.sh

check-kunit:	## only the KUnit suites; BEDS="debug-6.1 native-7.2"
	@:$(call need_packages,base debug tools lint)
	@KUNIT_BEDS="$(BEDS)" $(VM)/check.sh kunit

check-selftests: ## only the kselftests; BEDS="stock-6.1 debug-6.1 stock-6.12 stock-7.2"
	@:$(call need_packages,base debug tools lint)
	@BEDS="$(BEDS)" $(VM)/check.sh selftests

attack:		## the attacks of selftests/attack/list in full length, for hours; BEDS="..."
	@:$(call need_packages,base debug tools lint static)
	@BEDS="$(BEDS)" $(VM)/attack.sh

coverage:	## lines of each file that the tests run; FILES="mpool/client.c" lists the others
	@:$(call need_packages,base debug tools)
	@$(VM)/coverage.sh $(FILES)

torture:	## everything at once for SECONDS=600 on each of BEDS="debug-6.1 kcsan-6.1"
	@:$(call need_packages,base debug tools)
	@BEDS="$(BEDS)" $(VM)/torture.sh $(SECONDS)

bench:		## what allocations cost beside the kernel's allocators, in build/bench; BENCH_BEDS="..."
	@:$(call need_packages,base debug sid bench)$(need_root)
	@BENCH_BEDS="$(BENCH_BEDS)" selftests/bench/bench.sh full

bench-quick:	## a subset of it, in minutes
	@:$(call need_packages,base debug sid bench)$(need_root)
	@BENCH_BEDS="$(BENCH_BEDS)" selftests/bench/bench.sh quick

static:		## W=1, sparse, clang, checkpatch, kernel-doc, coccicheck: no finding
	@:$(call need_packages,base debug lint static)
	@$(VM)/static.sh

kernels:	## fetch or build the test kernels into the cache; BEDS="...", UPDATE=1
	@for bed in $(or $(BEDS),stock-6.1 debug-6.1 stock-6.12 stock-7.2); do \
		$(VM)/kernel.sh $$bed || exit 1; done

distclean-cache: ## remove the cache of kernels and packages
	@bash -c '. $(VM)/lib.sh; rm -rf "$$CACHE"'

docs:		## the documents as HTML, in build/docs/html
	@:$(call need_packages,docs)
	@$(VM)/packages.sh docs
	@$(MAKE) -C Documentation

help:		## this list
	@sed -n 's/^\([a-z-]*\):.*##/\1/p' Makefile | expand -t 8 | \
		awk '{ n = $$1; $$1 = ""; printf "  %-16s%s\n", n, $$0 }'
