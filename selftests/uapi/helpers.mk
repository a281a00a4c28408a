# SPDX-License-Identifier: GPL-2.0
# What all programs that use /dev/mpool in tests are linked with, and look at.

helpers := $(dir $(lastword $(MAKEFILE_LIST)))
HELPERS := $(addprefix $(helpers),mpool_test.c task.c touch.c)
HELPER_HEADERS := $(addprefix $(helpers),mpool_test.h harness.h task.h touch.h) \
	$(wildcard $(helpers)../../include/uapi/linux/*.h)
