# SPDX-License-Identifier: GPL-2.0
# What is aimed at, and what was promised, against the records: a line each,
# { what, bed, value, target, verdict }. Nothing fails here; it is said.

# Medians by bed/shape/size/batch/threads/subject, and /init with init_on_alloc;
# with /of before that the median of what it was of kmem_cache in the same turn.
def medians: reduce .[] as $r ({};
	if $r.unit == "tsc" or $r.keep then . else
		"\($r.bed)/\($r.shape)/\($r.size)/\($r.batch)/\($r.threads)/\($r.subject)" as $key |
		(if $r.init_on_alloc == 1 then "/init" else "" end) as $init |
		.[$key + $init] = $r.median |
		if $r.of_kmem_cache then .[$key + "/of" + $init] = $r.of_kmem_cache else . end
	end);

# Nothing comes of what was not measured.
def over($a; $b): if $a == null or $b == null or $b == 0 then null else $a / $b end;
# Percent that $a is less than $b.
def less($a; $b): over($a; $b) | if . == null then null else 100 * (1 - .) end;
def worst_high: if any(. == null) or length == 0 then null else max end;
def worst_low: if any(. == null) or length == 0 then null else min end;

def round2: if . == null then . else (. * 100 | round) / 100 end;

def line($what; $bed; value; $op; $limit; $unit):
	(value | round2) as $v |
	{
		what: $what, bed: $bed, value: $v,
		target: "\($op) \($limit)\(if $unit == "" then "" else " " + $unit end)",
		verdict: (
			if $v == null then "not measured"
			elif $op == "<=" then (if $v <= $limit then "met" else "not met" end)
			elif $op == "<" then (if $v < $limit then "met" else "not met" end)
			else (if $v >= $limit then "met" else "not met" end)
			end)
	};

. as $records | medians as $m |
def at($key): $m[$key];
def small: 64, 256, 1024;
def medium: 4096, 16384, 65536;
def paired: 256, 1024, 4096;
# The worst of several sizes against another subject: of kmem_cache turn by turn, where
# turns were taken.
def ratio($bed; $shape; sizes; $batch; $threads; $who; $whom):
	[ sizes as $s | "\($bed)/\($shape)/\($s)/\($batch)/\($threads)/" as $key |
		(if $whom == "kmem_cache" then at($key + $who + "/of") else null end) //
		over(at($key + $who); at($key + $whom)) ] |
	worst_high;
def highest($bed; $shape; sizes; $batch; $who):
	[ sizes as $s | at("\($bed)/\($shape)/\($s)/\($batch)/1/\($who)") ] | worst_high;
# What the limit in interrupts costs more with mpool's checks, and as a share of
# mpool's pair.
def checks($bed; $s): at("\($bed)/pair/\($s)/1/1/bare-checked") as $with |
	at("\($bed)/pair/\($s)/1/1/bare-irq") as $without |
	if $with == null or $without == null then null else $with - $without end;
def check($bed): [ (small, medium) as $s | checks($bed; $s) ] | worst_high;
def check_share($bed): [ (small, medium) as $s |
	over(checks($bed; $s); at("\($bed)/pair/\($s)/1/1/mpool")) ] |
	worst_high | if . == null then null else 100 * . end;
# The clearing of a page, which emulation counts by the step. The least of its
# runs: on 7.2 some count twice that, more than a lease takes in all.
def clearing($bed): first(($records[] | select(.bed == $bed and .shape == "clear" and .unit == "insn") | .min), null);
# A leased buffer and its like, less the clearing of its pages.
def net($bed; $size; $batch; $who):
	at("\($bed)/lease/\($size)/\($batch)/1/\($who)") as $all |
	clearing($bed) as $page |
	first(($records[] | select(.bed == $bed and .shape == "lease" and .size == $size and .subject == $who) | .pages), null) as $pages |
	if $all == null or $page == null or $pages == null then null
	else $all - $page * $pages | if . > 0 then . else null end end;
def lease($bed; $whom):
	[ (4096, 65536, 1048576) as $s | over(net($bed; $s; 32; "mpool"); net($bed; $s; 1; $whom)) ] | worst_high;
def beside($bed; $shape):
	clearing($bed) as $page |
	[ $records[] | select(.bed == $bed and .shape == $shape) | .median - .pages * $page ] |
	if length == 0 or $page == null or min <= 0 then null else 100 * (max / min - 1) end;
def among($bed):
	[ $records[] | select(.bed == $bed and .shape == "lease-among") | .median ] |
	if length == 0 or min <= 0 then null else 100 * (max / min - 1) end;


"insn-6.1" as $i | "native-7.2" as $n |

# Issue by issue: instructions.
line("pair, fastest call, small"; $i; highest($i; "pair"; small; 1; "mpool"); "<="; 75; "insn"),
line("pair, fastest call, medium"; $i; highest($i; "pair"; medium; 1; "mpool"); "<="; 75; "insn"),
line("pair, by size, small"; $i; highest($i; "pair"; small; 1; "mpool-size"); "<="; 110; "insn"),
line("pair, by size, medium"; $i; highest($i; "pair"; medium; 1; "mpool-size"); "<="; 110; "insn"),
line("a pair's check of what is freed"; $i; check($i); "<="; 12; "insn"),
line("pair, fastest call, large"; $i; highest($i; "pair"; 2097152; 1; "mpool"); "<="; 110; "insn"),
line("bulk of 32, an object, small"; $i; highest($i; "bulk"; small; 32; "mpool"); "<="; 12; "insn"),
line("bulk of 32, an object, 4 KiB"; $i; highest($i; "bulk"; 4096; 32; "mpool"); "<="; 12; "insn"),
line("bulk of 32, an object, 16 and 64 KiB"; $i; highest($i; "bulk"; (16384, 65536); 32; "mpool"); "<="; 12; "insn"),
line("bulk of 32, an object, 2 MiB"; $i; highest($i; "bulk"; 2097152; 32; "mpool"); "<="; 12; "insn"),

# At the processor's speed, beside sheaves. The worst size of those named counts.
line("pair, of kmem_cache, small"; $n; ratio($n; "pair"; small; 1; 1; "mpool"; "kmem_cache"); "<="; 0.65; ""),
line("pair, of kmem_cache, medium"; $n; ratio($n; "pair"; medium; 1; 1; "mpool"; "kmem_cache"); "<="; 0.65; ""),
line("pair, of the bare limit"; $n; ratio($n; "pair"; (small, medium); 1; 1; "mpool"; "bare"); "<="; 2.5; ""),
line("a pair's check of what is freed, of the pair"; $n; check_share($n); "<="; 7; "%"),
line("bulk of 32, of kmem_cache, small"; $n; ratio($n; "bulk"; small; 32; 1; "mpool"; "kmem_cache"); "<="; 0.15; ""),
line("bulk of 32, of kmem_cache, 4 KiB"; $n; ratio($n; "bulk"; 4096; 32; 1; "mpool"; "kmem_cache"); "<="; 0.15; ""),
line("bulk of 32, of kmem_cache, 16 and 64 KiB"; $n; ratio($n; "bulk"; (16384, 65536); 32; 1; "mpool"; "kmem_cache"); "<="; 0.15; ""),
line("256 held, of kmem_cache"; $n; ratio($n; "held"; (small, 4096); 256; 1; "mpool"; "kmem_cache"); "<="; 0.5; ""),
line("256 held, of kmem_cache, 16 and 64 KiB"; $n; ratio($n; "held"; (16384, 65536); 256; 1; "mpool"; "kmem_cache"); "<="; 0.5; ""),
line("freed on another CPU, of kmem_cache"; $n; ratio($n; "cross"; paired; 1; 2; "mpool"; "kmem_cache"); "<="; 0.5; ""),
line("freed on another CPU, pages, of kmem_cache"; $n; ratio($n; "cross"; 4096; 1; 2; "mpool"; "kmem_cache"); "<="; 0.5; ""),
line("the same, written there and read here"; $n; ratio($n; "cross-used"; paired; 1; 2; "mpool"; "kmem_cache"); "<="; 0.5; ""),
line("two threads against one"; $n;
	[ paired as $s | over(at("\($n)/threads/\($s)/1/1/mpool"); at("\($n)/threads/\($s)/1/2/mpool")) ] | worst_low;
	">="; 1.9; "times"),
line("1 to 1,000 pools in turn, of as many kmem_caches"; $n;
	[ (1, 10, 100, 1000) as $c | over(at("\($n)/many/256/\($c)/1/mpool"); at("\($n)/many/256/\($c)/1/kmem_cache")) ] | worst_high;
	"<="; 1; ""),
line("the same, by mpool_alloc() and mpool_free()"; $n;
	[ (1, 10, 100, 1000) as $c | over(at("\($n)/many/256/\($c)/1/mpool-size"); at("\($n)/many/256/\($c)/1/kmem_cache")) ] | worst_high;
	"<="; 1; ""),

# Memory.
line("waste inside buffers, uniform sizes"; $i; at("\($i)/waste-uniform/0/1/1/mpool"); "<"; 10; "%"),
line("waste inside buffers, the trace"; $i; at("\($i)/waste-trace/0/1/1/mpool"); "<"; 10; "%"),
line("the same, by default: no class below 64 bytes"; $i; at("\($i)/waste-trace/0/1/1/mpool-64"); "<"; 10; "%"),
line("waste with headers, uniform sizes"; $i; at("\($i)/waste-uniform-cost/0/1/1/mpool"); "<"; 10; "%"),
line("waste with headers, the trace"; $i; at("\($i)/waste-trace-cost/0/1/1/mpool"); "<"; 10; "%"),
line("metadata beside buffers of 4 KiB and more"; $i; highest($i; "overhead"; (4096, 12288, 16384, 65536, 2097152); 1; "mpool"); "<"; 2; "%"),
line("back after 10,000 buffers of 1 KiB, two cleanups"; $i; at("\($i)/burst-returned/1024/10000/1/mpool"); ">="; 95; "%"),
line("back after 10,000 buffers of 4 KiB, two cleanups"; $i; at("\($i)/burst-returned/4096/10000/1/mpool"); ">="; 95; "%"),
line("back after 10,000 buffers of 16 KiB, two cleanups"; $i; at("\($i)/burst-returned/16384/10000/1/mpool"); ">="; 95; "%"),

# Leases, in calls for 32, each page written once.
line("lease and release, of memfd"; $i; lease($i; "memfd"); "<="; 0.1; ""),
line("lease and release, of anonymous memory"; $i; lease($i; "anonymous"); "<="; 0.2; ""),
line("lease and release, of memfd"; "insn-7.2"; lease("insn-7.2"; "memfd"); "<="; 0.1; ""),
line("lease and release, of anonymous memory"; "insn-7.2"; lease("insn-7.2"; "anonymous"); "<="; 0.2; ""),
line("lease and release, of a dma-buf heap"; "insn-7.2"; lease("insn-7.2"; "dma_heap"); "<="; 0.1; ""),
line("lease beside 1 to 100,000 others: costs more by"; $i; beside($i; "lease-outstanding"); "<="; 10; "%"),
line("lease of slots and buffers of the pool's beside as many"; $i; beside($i; "lease-fresh"); "<="; 10; "%"),
line("release and lease of any of 1,000 to 1,048,576: costs more by"; $i; among($i); "<="; 10; "%"),

# Promised by the documents that the project began with. "Direct" is kmalloc.
line("promised: 1 KiB faster than direct, by 30 to 50 %"; $n; less(at("\($n)/pair/1024/1/1/mpool"); at("\($n)/pair/1024/1/1/kmalloc")); ">="; 30; "%"),
line("promised: an operation of 1200 bytes, 287.8 to 79.5 ns"; $n;
	over(at("\($n)/operation/300/4/1/kmalloc"); at("\($n)/operation/300/4/1/mpool")); ">="; 3.62; "times"),
line("promised: 3.4 times the throughput, 10 threads"; $n; over(at("\($n)/hundred/1024/100/10/kmalloc"); at("\($n)/hundred/1024/100/10/mpool")); ">="; 3.4; "times"),
line("promised: 1200 to 8 bytes from the system, an operation"; $n; at("\($n)/operation-bytes/300/4/1/mpool"); "<="; 8; "bytes"),
line("promised: 4 to 0 calls of the system, an operation"; $n; at("\($n)/operation-calls/300/4/1/mpool"); "<="; 0; "calls"),
line("promised: 85 to 90 % fewer allocations, on the trace"; $i; less(at("\($i)/calls-trace/0/256/1/mpool"); at("\($i)/calls-trace/0/256/1/kmalloc")); ">="; 85; "%"),
line("promised: 2 to 3 times the throughput, one thread"; $n; over(at("\($n)/hundred/1024/100/1/kmalloc"); at("\($n)/hundred/1024/100/1/mpool")); ">="; 2; "times"),
line("promised: batches 5 to 10 times, 32 against one by one"; $n; over(at("\($n)/pair/256/1/1/mpool"); at("\($n)/bulk/256/32/1/mpool")); ">="; 5; "times"),
line("promised: 10 threads, 50 to 100 % more throughput"; $n; less(at("\($n)/hundred/1024/100/10/mpool"); at("\($n)/hundred/1024/100/10/kmalloc")) | if . == null then . else 100 * (100 / (100 - .) - 1) end; ">="; 50; "%"),
# Contention: what a thread's operation takes more of a CPU's time (there are
# two) with ten threads than with one.
line("promised: 10 threads, 70 to 90 % less contention"; $n;
	(over(at("\($n)/hundred/1024/100/10/mpool"); at("\($n)/hundred/1024/100/1/mpool"))) as $a |
	(over(at("\($n)/hundred/1024/100/10/kmalloc"); at("\($n)/hundred/1024/100/1/kmalloc"))) as $b |
	if $a == null or $b == null or $b <= 0.5 then null
	else less([2 * $a - 1, 0] | max; 2 * $b - 1) end; ">="; 70; "%"),
line("promised: 15 to 30 % less fragmentation, the trace"; $i; less(at("\($i)/footprint/0/1/1/mpool"); at("\($i)/footprint/0/1/1/kmalloc")); ">="; 15; "%"),
line("promised: 15 to 30 % less fragmentation, uniform sizes"; $i; less(at("\($i)/waste-uniform/0/1/1/mpool"); at("\($i)/waste-uniform/0/1/1/kmalloc")); ">="; 15; "%"),
line("promised: 60 to 80 % fewer calls into the system, the trace"; $n; less(at("\($n)/calls-trace/0/256/1/mpool"); at("\($n)/calls-trace/0/256/1/kmalloc")); ">="; 60; "%")
