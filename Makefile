# For daily work. ./run and ./check are the front doors.
.PHONY: all cases check check-asan compare lint corpus bench docs soak fuzz install clean crash

all:
	@tools/build build

check:
	@./check

# Every test under the address and undefined-behaviour sanitizers.
check-asan:
	@tools/install-packages run check
	@tools/build build-asan -Db_sanitize=address,undefined \
		-Db_lundef=false -Doptimization=1 -Dunit_tests=true
	@/usr/bin/python3 tools/run-tests build-asan

# Real files, judged by strangers; the folder: CONVOKE_CORPUS.
corpus: all
	@/usr/bin/python3 tools/corpus build/src/cli/convoke

# Every case of tests/cases.tsv with the state of its tests.
cases: all
	@tools/install-packages run check
	@tools/build build -Dunit_tests=true
	@/usr/bin/python3 tools/run-tests build
	@/usr/bin/python3 tools/cases build

# docs/compare.md: ten samples by the peers and by Convoke.
compare: all
	@tools/install-packages run check bench
	@/usr/bin/python3 tools/compare build/src/cli/convoke

# Messages a second and peak memory: docs/performance.md.
bench:
	@tools/install-packages run check bench
	@test -f build-release/build.ninja || \
	  meson setup build-release --buildtype=release >/dev/null
	@ninja -C build-release src/cli/convoke src/cli/convoke-full >/dev/null
	@tools/bench build-release

# SIGKILL at the first passes of every kill point (./check: at the first two).
crash: all
	@/usr/bin/python3 tests/crash/kill_points.py --passes 4 \
	  build/src/cli/convoke .

# Real files damaged at random, for SECONDS, in processes with bounds.
SECONDS ?= 300
soak: all
	@tools/soak build $(SECONDS)

# libFuzzer on every reader of foreign bytes, 60 seconds each.
fuzz:
	@tools/fuzz 60

lint:
	@tools/lint

# Pages that are made from the source; their freshness is tested.
docs:
	@tools/gen-docs
	@tools/gen-mapping
	@tools/gen-fidelity
	@tools/gen-library

install: all
	@meson install -C build

clean:
	rm -rf build build-*
