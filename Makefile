# vitalsd: two commands do everything on a fresh Debian 12 with the Swift toolchain.
#
#   make demo    the main job, visibly, without hardware
#   make test    every check there is, but the long ones
#
# Others: make home SCENARIO=, make home-broken, make home-cuts, make build, make clocks, make fleet, make kills, make faults,
# make endurance, make soak, make load, make sanitize, make bench, make bench-home, make antidote, make lint,
# make install DESTDIR= PREFIX=, make deb, make deb-test

PREFIX     ?= /usr/local
DESTDIR    ?=
SWIFT      ?= swift
# One static binary: nothing of Swift need be on the hub, nor of the C++ that Swift itself is written in. The linker takes
# libstdc++ from a folder in which there is only the archive.
ARCHIVES   := $(CURDIR)/.build/archives
# Nobody loads a library that wants to call into the program, so it exports nothing.
RELEASE    := -c release -Xswiftc -static-stdlib -Xswiftc -gnone -Xswiftc -L$(ARCHIVES) -Xlinker --no-export-dynamic
BUILT       = $(shell $(SWIFT) build $(RELEASE) --show-bin-path)
VENV       := .venv
# What was skipped is named: it proves nothing.
PYTEST      = $(VENV)/bin/python -m pytest -q -rs
THEENGS    ?= $(VENV)/theengs/bin/python

LIBRARIES  := libbluetooth-dev libudev-dev libcurl4-openssl-dev libsqlite3-dev zlib1g-dev pkg-config
TESTING    := python3 python3-venv openssl sqlite3 mandoc groff-base zsh
PACKAGING  := dpkg-dev lintian

# A failure in a pipe is a failure.
SHELL      := bash
.SHELLFLAGS := -o pipefail -c

.PHONY: demo test build cuts-built lint clocks fleet bench bench-peers antidote install uninstall deb deb-test clean packages \
        test-packages swift-test tests line-test home-test beside-home-test home-scenarios home-classic home home-broken \
        home-cuts cuts-test bench-home fuzz fuzz-test kills faults endurance soak load sanitize

demo: build
	@$(BUILT)/vitalsd demo

build: packages
	mkdir -p $(ARCHIVES)
	ln -sf $$(clang -print-file-name=libstdc++.a) $(ARCHIVES)
	$(SWIFT) build $(RELEASE) --product vitalsd

# One build leaves much of two processors idle, and so does the home, which waits for its emulator: two things at a time. The style
# is looked at beside the end of the longer build.
test: test-packages $(VENV)/ready
	$(MAKE) --output-sync=target --jobs=2 cuts-built tests lint
	$(MAKE) swift-test line-test
	$(MAKE) --output-sync=target --jobs=2 home-test beside-home-test

beside-home-test:
	$(MAKE) fuzz-test
	$(MAKE) cuts-test

lint:
	$(SWIFT) format lint --strict -r Sources Tests Package.swift

# In a folder of their own, so that they can be built beside the program.
TESTS      := --scratch-path .build/tests
tests: packages
	$(SWIFT) build $(TESTS) --build-tests

# Each bundle that the product writes goes to a folder, where a checker that did not write it judges it. An old one would be
# judged in the place of one that is written no more.
swift-test: tests
	rm -rf .build/bundles
	mkdir -p .build/bundles
	VITALSD_BUNDLES=$(CURDIR)/.build/bundles $(SWIFT) test $(TESTS) --skip-build 2>&1 | tee .build/swift-test.log \
	|| { echo "What failed:"; grep "✘\|Fatal error" .build/swift-test.log; false; }

# The whole line with real parts: a pty, the daemon, TLS, a receiver process.
line-test: cuts-built swift-test $(VENV)/ready
	VITALSD_BUNDLES=$(CURDIR)/.build/bundles $(PYTEST) Tests/Receiver
	VITALSD=$(BUILT)/vitalsd $(PYTEST) -n 5 Tests/EndToEnd

# With the program that plays power cuts of the journal's own writes.
cuts-built: build
	$(SWIFT) build $(RELEASE) --product vitalsd-cuts

# The long parts of what `line-test` does briefly: kills, system calls that fail, power cuts. Each prints what it lost, and
# fails where that is not nothing. SEED= is another run.
PROOF       = VITALSD=$(BUILT)/vitalsd $(PYTEST) -s
SEED       ?= 1
kills: build $(VENV)/ready
	KILLS=$(or $(KILLS),500) SEED=$(SEED) $(PROOF) Tests/EndToEnd/test_killed.py Tests/EndToEnd/test_faults.py -k kill

faults: build $(VENV)/ready
	FAULTS=all ROUNDS=$(or $(ROUNDS),300) KILLS=0 SEED=$(SEED) $(PROOF) Tests/EndToEnd/test_faults.py

# The last are those of a whole machine, which takes an hour; CUTS=20000 ROUNDS=400 are those of the daemon's own writes. Before
# that a card that lies must be caught: what cannot fail proves nothing.
endurance: cuts-built $(VENV)/ready
	CUTS=$(or $(CUTS),20000) ROUNDS=$(or $(ROUNDS),400) SEED=$(SEED) $(PROOF) Tests/EndToEnd/test_power.py
	$(MAKE) home-cuts CUTS=5 BARE=1 LYING=1
	$(MAKE) home-cuts CUTS=200

# The same in a virtual machine with the kernel's own Bluetooth stack, USB serial driver and udev.
home-test: cuts-built $(VENV)/ready
	$(SWIFT) build $(TESTS) --product RadioProbe
	VITALSD=$(BUILT)/vitalsd $(PYTEST) Tests/VirtualHome

# All scenarios, and the tests of the home itself; `make test` plays what takes little time.
home-scenarios: cuts-built $(VENV)/ready
	$(SWIFT) build $(TESTS) --product RadioProbe
	SCENARIOS=all VITALSD=$(BUILT)/vitalsd $(PYTEST) Tests/VirtualHome

# Devices of classic Bluetooth alone, over the emulator of bluez-test-tools.
home-classic: build $(VENV)/ready
	SCENARIOS=all VITALSD=$(BUILT)/vitalsd $(PYTEST) Tests/VirtualHome/test_classic.py

# One scenario or several, with all that happens in them. See Tests/VirtualHome/scenarios/README.md.
SCENARIO ?= Tests/VirtualHome/scenarios/paired-cuff.toml
home: build $(VENV)/ready
	VITALSD=$(BUILT)/vitalsd PYTHONPATH=Tests $(VENV)/bin/python -m VirtualHome $(SCENARIO)

# Broken homes in a machine with the installed package: the verdict of `vitalsd diagnose`, and that its remedy clears it. It
# takes long; ROWS="rfkill full" only these.
home-broken: deb $(VENV)/ready
	PYTHONPATH=Tests:Tests/EndToEnd $(VENV)/bin/python -m VirtualHome.broken $(ROWS)

# Power cuts of the home under load: each boots it on what a cheap card left, which takes a third of a minute. CUTS=20 SEED=2
# are fewer and others; BARE=1 leaves systemd out, and half of the time; LYING=1 has a card that only says that it has flushed,
# and fails unless readings are missing on it.
home-cuts: cuts-built $(VENV)/ready
	VITALSD=$(BUILT)/vitalsd PYTHONPATH=Tests $(VENV)/bin/python -m VirtualHome.cuts --cuts $(or $(CUTS),200) --seed $(SEED) \
	$(if $(BARE),--bare) $(if $(LYING),--lying-card)

cuts-test:
	$(MAKE) home-cuts CUTS=20 BARE=1

# Latency, memory and CPU in the virtual home, beside bleak on BlueZ reading the same peripheral.
bench-home: build $(VENV)/ready
	VITALSD=$(BUILT)/vitalsd PYTHONPATH=Tests $(VENV)/bin/python -m VirtualHome.bench

# Every parser of outside bytes under libFuzzer and the address sanitizer, ten million times each, which takes hours and
# may be stopped and begun again. `make test` gives each one thousand, of a program that is built in half the time.
# FUZZ="--runs 20000" is a matter of minutes.
FUZZ       ?= --runs 10000000 --ledger .build/fuzzed
FUZZED     ?= release
# Without DAEMON=1 what the daemon itself reads is left out: it takes as long to build as all the rest.
DAEMON     ?= 1
FUZZING    := $(if $(DAEMON),FUZZED_DAEMON=1) $(SWIFT) build -c $(FUZZED) --scratch-path .build/fuzz -Xswiftc -sanitize=fuzzer,address \
              -Xswiftc -DFUZZING $(if $(DAEMON),-Xswiftc -DDAEMON -Xswiftc -enable-testing) -Xswiftc -parse-as-library \
              -Xswiftc -gnone -Xswiftc -Xclang-linker -Xswiftc -fuse-ld=lld -Xlinker --gc-sections \
              -Xlinker --wrap=__sanitizer_cov_8bit_counters_init -Xlinker --wrap=__sanitizer_cov_pcs_init
fuzz: packages
	$(FUZZING) --product vitalsd-fuzz
	python3 Tests/Fuzz/fuzz.py $$($(FUZZING) --show-bin-path)/vitalsd-fuzz .build/corpora $(FUZZ)

fuzz-test:
	nice -n 19 $(MAKE) fuzz FUZZED=debug DAEMON= FUZZ="--runs 1000"

# A year in a quarter of an hour: SOAK= seconds, of which two are a day. Prints what it uses, and fails where that grows.
soak: build $(VENV)/ready
	SOAK=$(or $(SOAK),730) SEED=$(SEED) $(PROOF) Tests/EndToEnd/test_soak.py

# Many devices, and many strangers on the air: LOAD= seconds for each step.
load: build $(VENV)/ready
	LOAD=$(or $(LOAD),30) $(PROOF) Tests/EndToEnd/test_load.py

# The units under the address sanitizer, and then under that for threads. XCTest, which runs none of them, leaks some bytes.
sanitize: packages
	for kind in address thread; do $(SWIFT) test --disable-xctest --sanitize=$$kind --scratch-path .build/$$kind || exit 1; done

$(VENV)/ready: Tests/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r Tests/requirements.txt
	touch $@

# Dating against known truth, in simulated device-years, beside what others do. YEARS=500 SEED=2 is shorter and other.
clocks:
	$(SWIFT) build -c release --product vitalsd-clocks
	$$($(SWIFT) build -c release --show-bin-path)/vitalsd-clocks $(or $(YEARS),10000) $(or $(SEED),1)

# Fifty thousand hubs after an outage of the clinic, with the daemon's own rules and with three usual ones.
# HUBS=10000 CAPACITY=12 SEED=2 is smaller and other.
fleet:
	$(SWIFT) build -c release --product vitalsd-fleet
	$$($(SWIFT) build -c release --show-bin-path)/vitalsd-fleet $(or $(HUBS),50000) $(or $(CAPACITY),60) $(or $(SEED),1)

# A table of figures beside peers and aims, and then the radio's in the virtual home; nothing of it fails. BENCH=--quick is
# shorter. `make bench-peers` installs the peers that figures are compared with, `make antidote` another; without them the table has
# what was recorded, or says that they are not there. `python3 Tests/Bench/queues.py` with VITALSD= is the queues under SIGKILL
# alone. Debian starts mosquitto and rsyslog as services once they are installed; the table asks only those that it starts itself.
bench: test-packages build
	$(SWIFT) build $(RELEASE) --product vitalsd-bench
	VITALSD=$(BUILT)/vitalsd VITALSD_BENCH=$(BUILT)/vitalsd-bench THEENGS_PYTHON=$(THEENGS) python3 Tests/Bench/bench.py $(BENCH)
	$(MAKE) bench-home

bench-peers:
	@$(call install_packages,python3-venv mosquitto rsyslog rsyslog-relp)
	python3 -m venv $(VENV)/theengs
	$(VENV)/theengs/bin/pip install --quiet --disable-pip-version-check TheengsGateway==1.8.0

# The agents of antidote, an IEEE 11073 library in C that stays outside this tree, talk with our manager, and its decoder is
# built for `make bench`, without the line that it writes for each step. ANTIDOTE_SOURCE= is a folder that has its source.
ANTIDOTE_SOURCE ?= .build/antidote
ANTIDOTE_BUILT := $(CURDIR)/.build/antidote-built
# All but the ways to a device that want libraries of their own.
ANTIDOTE_CODE = -I$(ANTIDOTE_SOURCE) -I$(ANTIDOTE_SOURCE)/src $$(find $(ANTIDOTE_SOURCE)/src -name '*.c' \
                ! -path '*/plugin/*/*' ! -path '*/trans/plugin/*') -lpthread -lm
ANTIDOTE_MUTE = -include stdio.h -DLOG_H_ $(foreach level,DEBUG INFO WARNING ERROR,'-D$(level)(...)=')
antidote: packages
	test -e $(ANTIDOTE_SOURCE) || git clone --quiet --depth 1 https://github.com/signove/antidote $(ANTIDOTE_SOURCE)
	mkdir -p $(ANTIDOTE_BUILT)
	$(CC) -O2 -w -o $(ANTIDOTE_BUILT)/agent $(ANTIDOTE_SOURCE)/apps/sample_agent*.c $(ANTIDOTE_CODE)
	$(CC) -O2 -w -o $(ANTIDOTE_BUILT)/decode $(ANTIDOTE_MUTE) Tests/Bench/antidote.c $(ANTIDOTE_CODE)
	ANTIDOTE=$(ANTIDOTE_BUILT)/agent $(SWIFT) test $(TESTS) --filter Antidote

# Packages are installed only where they are missing, so that an ordinary user can build once they are there.
packages:
	@$(call install_packages,$(LIBRARIES))

test-packages: packages
	@$(call install_packages,$(TESTING))

define install_packages
missing=""; for package in $(1); do \
  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
  if [ "$$(id -u)" = 0 ]; then as_root=""; else as_root=sudo; fi; \
  echo "installing$$missing"; \
  $$as_root apt-get update -qq && $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
fi
endef

# Where zsh looks, which is elsewhere for a distribution's packages.
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions

install: build
	install -D -m 755 $(BUILT)/vitalsd $(DESTDIR)$(PREFIX)/bin/vitalsd
	strip $(DESTDIR)$(PREFIX)/bin/vitalsd
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@BINDIR@|$(PREFIX)/bin|' systemd/vitalsd.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/vitalsd.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/vitalsd.service
	install -D -m 644 udev/60-vitalsd.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-vitalsd.rules
	install -D -m 644 systemd/vitalsd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/vitalsd.conf
	install -D -m 644 systemd/vitalsd.conf $(DESTDIR)$(PREFIX)/share/doc/vitalsd/vitalsd.conf
	install -D -m 644 Sources/vitalsd/vitalsd.docc/diagnose.schema.json $(DESTDIR)$(PREFIX)/share/doc/vitalsd/diagnose.schema.json
	install -d $(DESTDIR)$(PREFIX)/share/vitalsd/captures
	cp -R Tests/DeviceTests/Captures/. $(DESTDIR)$(PREFIX)/share/vitalsd/captures/
	@$(call document,--man 8,$(PREFIX)/share/man/man8/vitalsd.8)
	@$(call document,--man 5,$(PREFIX)/share/man/man5/vitalsd.conf.5)
	@$(call document,--completion bash,$(PREFIX)/share/bash-completion/completions/vitalsd)
	@$(call document,--completion zsh,$(ZSHDIR)/_vitalsd)

# The program writes its own pages and completions, from the tables it runs by.
define document
install -d $(dir $(DESTDIR)$(2)) && $(BUILT)/vitalsd help $(1) > $(DESTDIR)$(2) && chmod 644 $(DESTDIR)$(2)
endef

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/vitalsd $(DESTDIR)$(PREFIX)/lib/systemd/system/vitalsd.service
	rm -f $(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-vitalsd.rules $(DESTDIR)$(PREFIX)/lib/sysusers.d/vitalsd.conf
	rm -f $(DESTDIR)$(PREFIX)/share/man/man8/vitalsd.8 $(DESTDIR)$(PREFIX)/share/man/man5/vitalsd.conf.5
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vitalsd $(DESTDIR)$(ZSHDIR)/_vitalsd
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/vitalsd $(DESTDIR)$(PREFIX)/share/vitalsd

# A Debian package for the kind of machine that builds it: for arm64, the same command on an arm64 Debian 12 or in its
# container (docker run --platform linux/arm64 debian:12).
deb: build
	@$(call install_packages,$(PACKAGING))
	rm -rf .build/debian/root
	$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/.build/debian/root PREFIX=/usr ZSHDIR=/usr/share/zsh/vendor-completions
	systemd/debian/build .build/debian/root .build/debian
	lintian --fail-on error,warning .build/debian/*.deb

# Installs, upgrades, downgrades, removes and purges it in a Debian of its own. As root; the first run fetches that Debian.
deb-test: deb $(VENV)/ready
	@$(call install_packages,debootstrap)
	DEB=$$(ls $(CURDIR)/.build/debian/*.deb) $(PYTEST) Tests/Package

clean:
	$(SWIFT) package clean
	rm -rf $(VENV)
