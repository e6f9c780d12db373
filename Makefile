# SPDX-License-Identifier: GPL-3.0-or-later
# migsim: build, test, install. Adding a file never edits this one.
#
#   make                 build/release/..., and build/migsim
#   make VARIANT=asan    build/asan/migsim; also: debug, clang
#   make check           all tests     make sanitize   the same under ASan and UBSan
#   make fuzz            fuzzers       make lint       warnings as errors, house rules
#   make bench           benchmarks    make coverage   needs gcovr or gcov
#   make install         DESTDIR, PREFIX
#
# V=1 shows the commands.

VARIANT ?= release
PREFIX  ?= /usr/local
VERSION := 0.1.0
O       ?= build
B       := $(O)/$(VARIANT)
Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

PACKAGES := gsl sqlite3 inih jansson libzstd libxxhash
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings \
        -Wundef -Wvla -Wformat=2 -Wswitch-enum -Wnull-dereference
BASE := -std=c17 -D_POSIX_C_SOURCE=200809L -DMIGSIM_VERSION='"$(VERSION)"' -I. -ffp-contract=off $(WARN)

CC_release := gcc
CF_release := -O2 -g
CC_debug   := gcc
CF_debug   := -O0 -g
CC_asan    := gcc
CF_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CC_clang   := clang
CF_clang   := -O2 -g -Wno-unknown-warning-option
CC_cover   := gcc
CF_cover   := -O0 -g --coverage
CC_fuzz    := clang
CF_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
              -Wno-unknown-warning-option

COMPILER  := $(CC_$(VARIANT))
ifeq ($(COMPILER),)
$(error unknown VARIANT '$(VARIANT)': release, debug, asan, clang, cover, fuzz)
endif
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm
ALL_CFLAGS := $(BASE) $(CF_$(VARIANT)) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP
ALL_LDFLAGS := $(CF_$(VARIANT)) $(LDFLAGS)

# The rooms, and beneath each the rooms it may use: what a test of the room is linked with.
ROOMS := base codec cache models workloads results sim sim/study sim/cli
BELOW_base      := base
BELOW_codec     := codec
BELOW_cache     := cache
BELOW_models    := models base
BELOW_workloads := workloads models codec base
BELOW_results   := results base
BELOW_sim       := sim results workloads models cache codec base
room_sources     = $(filter-out sim/cli/main.c,$(wildcard $(1)/*.c $(if $(filter sim,$(1)),sim/study/*.c sim/cli/*.c)))
room_objects     = $(patsubst %.c,$(B)/%.o,$(call room_sources,$(1))) $(patsubst %.sql,$(B)/%.sql.o,$(wildcard $(1)/*.sql))
archive          = $(if $(filter codec cache,$(1)),$(B)/libmig$(1).a,$(B)/lib/$(1).a)
archives_below   = $(foreach r,$(BELOW_$(1)),$(call archive,$(r)))
room_of          = $(firstword $(subst /, ,$(patsubst $(B)/%,%,$(1))))
helpers_of       = $(filter $(B)/$(call room_of,$(1))/%,$(HELPERS))
MAIN_OBJ  := $(patsubst %.c,$(B)/%.o,$(wildcard sim/cli/main.c))
TESTS     := $(patsubst %.c,$(B)/%,$(wildcard $(addsuffix /tests/test_*.c,$(ROOMS))))
HELPERS   := $(patsubst %.c,$(B)/%.o,$(wildcard $(addsuffix /tests/twin_*.c,$(ROOMS))))
FUZZERS   := $(patsubst %.c,$(B)/%,$(wildcard $(addsuffix /fuzz/fuzz_*.c,$(ROOMS))))
BENCHES   := $(patsubst %.c,$(B)/%,$(wildcard $(addsuffix /bench/bench_*.c,$(ROOMS))))

.PHONY: all check sanitize fuzz fuzzers lint bench benches tests coverage install clean
.SECONDARY:
all: $(if $(MAIN_OBJ),$(B)/migsim) $(B)/libmigcodec.a $(B)/libmigcache.a \
     $(if $(filter buildrelease,$(O)$(VARIANT)),$(if $(MAIN_OBJ),build/migsim))

build/migsim: $(B)/migsim
	$(Q)ln -sf release/migsim $@

$(B)/migsim: $(MAIN_OBJ) $(call archives_below,sim)
	$(call say,LINK,$@)
	$(Q)$(COMPILER) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

define archive_rule
$(call archive,$(1)): $(call room_objects,$(1))
	$$(call say,AR,$$@)
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach r,base codec cache models workloads results sim,$(eval $(call archive_rule,$(r))))

$(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILER) $(ALL_CFLAGS) -c -o $@ $<

# A .sql file becomes the constant string results_<name>_sql.
$(B)/%.sql.o: %.sql
	$(call say,SQL,$<)
	$(Q)mkdir -p $(@D) && { printf 'extern const char results_%s_sql[];\nconst char results_%s_sql[] =\n' \
	    $(basename $(notdir $<)) $(basename $(notdir $<)); \
	    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $<; echo ';'; } >$(B)/$*.sql.c \
	    && $(COMPILER) -O2 -c -o $@ $(B)/$*.sql.c

# A program of one room's tests, fuzzers or benchmarks; the room's twins (tests/twin_*.c) go along.
.SECONDEXPANSION:
PROGRAMS := $(TESTS) $(FUZZERS) $(BENCHES)
$(PROGRAMS): $(B)/%: $(B)/%.o $$(call helpers_of,$$@) \
             $$(call archives_below,$$(call room_of,$$@))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(COMPILER) $(ALL_LDFLAGS) $(if $(findstring /fuzz_,$@),-fsanitize=fuzzer) \
	    -o $@ $^ $(if $(filter codec cache,$(call room_of,$@)),,$(PKG_LIBS)) \
	    $(if $(findstring /test_,$@)$(call helpers_of,$@),-lcmocka) $(if $(findstring /bench_,$@),-lm)

tests: all $(TESTS)
check: tests
	$(Q)MIGSIM=$(B)/migsim scripts/run-tests $(TESTS)
sanitize:
	$(Q)$(MAKE) --no-print-directory VARIANT=asan check
benches: $(BENCHES)
bench: benches
	$(Q)for b in $(BENCHES); do echo "== $$b"; $$b || exit 1; done
fuzzers: $(FUZZERS)
fuzz:
	$(Q)scripts/fuzz $(FUZZ_SECONDS)
lint:
	$(Q)scripts/lint
coverage:
	$(Q)$(MAKE) --no-print-directory VARIANT=cover check && scripts/coverage

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig \
	    $(DESTDIR)$(PREFIX)/include/migcodec $(DESTDIR)$(PREFIX)/include/migcache \
	    $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(B)/migsim $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(B)/libmigcodec.a $(B)/libmigcache.a $(DESTDIR)$(PREFIX)/lib/
	install -m 644 codec/xbzrle.h codec/xbrle.h codec/zero_page.h $(DESTDIR)$(PREFIX)/include/migcodec/
	install -m 644 cache/page_cache.h $(DESTDIR)$(PREFIX)/include/migcache/
	for p in codec cache; do sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $$p/mig$$p.pc.in \
	    >$(DESTDIR)$(PREFIX)/lib/pkgconfig/mig$$p.pc; done
	install -m 644 docs/migsim.1 $(DESTDIR)$(PREFIX)/share/man/man1/

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
