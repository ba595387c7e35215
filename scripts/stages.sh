# shellcheck shell=bash
# Sourced by the scripts that test: named stages with their times, and the sum of what they ran.
# Functions chain with && because bash ignores `set -e` in a command whose result is looked at.
passed=0
failed=0
skipped=0
stage_lines=()

# stage NAME COMMAND...: runs it, remembers time and outcome, goes on after a failure so that one run shows all.
stage() {
    local name=$1 started=$SECONDS before=$failed outcome=ok
    shift
    printf '\n== %s\n' "$name"
    if ! "$@"; then
        outcome=FAILED
        [ "$failed" -gt "$before" ] || failed=$((failed + 1))
    fi
    stage_lines+=("$(printf '%-52s %-6s %2d:%02d' "$name" "$outcome" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)))")
    [ "$outcome" = ok ]
}

# build PRESET FOLDER [cmake --build arguments]
build() {
    local preset=$1 folder=$2
    shift 2
    cmake --preset "$preset" && cmake --build "$folder" "$@"
}

# run_ctest FOLDER [ctest arguments]: adds its counts to the sum.
run_ctest() {
    local folder=$1 log status=0 total=0 bad=0 not_run=0
    shift
    log="$folder/ctest.log"
    ctest --test-dir "$folder" --output-on-failure --no-tests=error -j2 "$@" </dev/null 2>&1 | tee "$log" || status=$?
    if [[ $(grep -E 'tests failed out of [0-9]+' "$log" | tail -1) =~ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+) ]]; then
        bad=${BASH_REMATCH[1]}
        total=${BASH_REMATCH[2]}
        not_run=$(grep -cE '\*\*\*Skipped|\(Disabled\)|Not Run \(Disabled\)' "$log" || true)
        not_run=$((not_run > total - bad ? total - bad : not_run))
    else
        bad=1
        total=1
    fi
    passed=$((passed + total - bad - not_run))
    failed=$((failed + bad))
    skipped=$((skipped + not_run))
    return "$status"
}

# The fuzz programs that fuzz/CMakeLists.txt makes, as ninja knows them (bin/fuzz_x).
fuzz_targets() {
    ninja -C build/fuzz -t targets all | sed -nE 's#^(bin/fuzz_[a-z0-9_]+): .*#\1#p' | sort -u
}

build_fuzz() {
    local targets
    cmake --preset fuzz && mapfile -t targets < <(fuzz_targets) || return 1
    if [ "${#targets[@]}" -eq 0 ]; then
        echo "fuzz/CMakeLists.txt makes no program bin/fuzz_*"
        return 1
    fi
    cmake --build build/fuzz --target "${targets[@]}"
}

# fuzz_for SECONDS [NAME...]: searches for new inputs; what it learns stays in build/fuzz/corpus, crashes in build/fuzz/crashes.
fuzz_for() {
    local seconds=$1 name names before=$failed
    shift
    names=("$@")
    if [ "${#names[@]}" -eq 0 ]; then
        mapfile -t names < <(fuzz_targets | sed 's#^bin/fuzz_##')
    fi
    mkdir -p build/fuzz/crashes
    for name in "${names[@]}"; do
        mkdir -p "build/fuzz/corpus/$name"
        if "build/fuzz/bin/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -malloc_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="build/fuzz/crashes/$name-" "build/fuzz/corpus/$name" "fuzz/corpus/$name" </dev/null \
            >"build/fuzz/run-$name.log" 2>&1; then
            echo "$name: nothing found in $seconds s ($(sed -nE 's/^stat::number_of_executed_units: +//p' "build/fuzz/run-$name.log") runs)"
            passed=$((passed + 1))
        else
            tail -40 "build/fuzz/run-$name.log"
            echo "$name: FAILED; the input is in build/fuzz/crashes, keep it in fuzz/corpus/$name once it is understood"
            failed=$((failed + 1))
        fi
    done
    [ "$failed" -eq "$before" ]
}

# Sanitizers stop at the first finding and name functions in their traces.
sanitizer_environment() {
    local symbolizer=/usr/lib/llvm-19/bin/llvm-symbolizer
    export ASAN_OPTIONS="abort_on_error=0:detect_stack_use_after_return=1:external_symbolizer_path=$symbolizer${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
    export UBSAN_OPTIONS="print_stacktrace=1:external_symbolizer_path=$symbolizer${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
    export TSAN_OPTIONS="halt_on_error=1:external_symbolizer_path=$symbolizer${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
}

# Prints the times and the sum; the last line is the one that CI reads. Fails where anything failed.
finish_stages() {
    printf '\n%-52s %-6s %s\n' stage result 'min:s'
    printf '%s\n' "${stage_lines[@]}"
    printf '\n'
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
}
