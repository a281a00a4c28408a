# SPDX-License-Identifier: GPL-2.0
# Sphinx: no extension beyond those that come with it.

project = "mpool"
author = "The mpool maintainers"
copyright = "The mpool maintainers, GPL-2.0"
extensions = []
master_doc = "index"
exclude_patterns = ["generated"]
primary_domain = "c"
highlight_language = "none"
html_theme = "alabaster"
html_theme_options = {"fixed_sidebar": True, "page_width": "1100px"}
html_show_sphinx = False
# kernel-doc writes the kernel's types; the parser need not know them.
c_id_attributes = ["__user", "__percpu", "__init"]
