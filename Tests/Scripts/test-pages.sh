#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The pages of runs in a real browser, wide and narrow, light and dark; ends with "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-pages.sh [FOLDER]    (make test-pages calls it; needs root, for Debian's chromium)"
    echo "  A run of three epochs: the pages of report, compare and watch at 1280 and 390 pixels. Nothing may be wider than the window,"
    echo "  nothing asked for (there is no network), nothing said by the browser's console. Screenshots are left in FOLDER for somebody to"
    echo "  look at. MNIST=folder trains on that and not on the digits inside; BIN=folder tests another build"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source Tests/Scripts/checks.sh
need chromium chromium
need unshare util-linux
work=$(mktemp -d)
log=$work/log
pictures=$(realpath -m "${1:-$work/pictures}")
mkdir -p "$pictures"
server=
finish() {
    [ -z "$server" ] || kill "$server" 2> /dev/null
    rm -rf "$work"
}
trap finish EXIT

# browse FLAGS… URL: without a network but this machine's, and with a profile of its own.
browse() {
    timeout 120 unshare --net sh -c 'ip link set lo up 2> /dev/null; exec "$@"' sh \
        chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-background-networking \
        --disable-component-update --user-data-dir="$work/profile" --allow-file-access-from-files --enable-logging=stderr \
        --virtual-time-budget=3000 "$@" 2> "$log.browser"
}
# page NAME FILE: everything that is asked of a page.
page() {
    local name=$1 file=$2 width scheme flags problem
    for width in 1280 390; do
        # How wide the page would like to be, in a frame of that width.
        cat > "$work/frame.html" <<HTML
<!DOCTYPE html><iframe id="page" src="file://$file" style="width:${width}px;height:4000px;border:0"
    onload="document.title = 'width ' + this.contentDocument.documentElement.scrollWidth + ' of ' + this.contentDocument.documentElement.clientWidth"></iframe>
HTML
        browse --window-size=1400,4200 --dump-dom "file://$work/frame.html" > "$work/dom"
        cp "$log.browser" "$log"
        problem=$(grep -o 'width [0-9]* of [0-9]*' "$work/dom" | awk '$2 > $4 { print "it is " $2 " pixels wide" } END { if (!NR) print "it was not loaded" }')
        [ -n "$problem" ] || ! grep -qE 'CONSOLE|ERR_' "$log" || problem="the browser complains"
        for scheme in light dark; do
            [ -z "$problem" ] || break
            flags=()
            [ $scheme = light ] || flags=(--blink-settings=preferredColorScheme=0)
            rm -f "$pictures/$name-$width-$scheme.png"
            browse "${flags[@]}" --window-size=$width,1600 --screenshot="$pictures/$name-$width-$scheme.png" "file://$file"
            [ -s "$pictures/$name-$width-$scheme.png" ] || problem="there is no picture of it"
        done
        [ -n "$problem" ] || ! cmp -s "$pictures/$name-$width-light.png" "$pictures/$name-$width-dark.png" || problem="light and dark are the same"
        verdict "$name at $width pixels" "$problem"
    done
}

recipe=(digits)
[ -z "${MNIST:-}" ] || recipe=(mnist --data "$MNIST")
train() { "$bin/lockstep" train "${recipe[@]}" --epochs 3 "$@" > "$log" 2>&1; }
train --run "$work/one" --show-results --log-dir "$work/one/logs" || verdict "a run" "it failed"
train --run "$work/two" --lr 0.01 --batch-size 32 || verdict "another run" "it failed"
"$bin/lockstep" report "$work/one" > "$log" 2>&1 || verdict "report" "it failed"
page report "$work/one/report.html"
"$bin/lockstep" compare "$work/one" "$work/two" --output "$work/compare.html" > "$log" 2>&1 || verdict "compare" "it failed"
page compare "$work/compare.html"

# The page that asks for itself again is looked at as a file: the browser's network is another.
rm "$work/two/run.json"
"$bin/lockstep" watch "$work/two" --port 0 > "$work/watching" 2> "$log" &
server=$!
until [ -s "$work/watching" ] || ! kill -0 $server 2> /dev/null; do sleep 0.05; done
python3 - "$(sed 's/.*http/http/' "$work/watching")" > "$work/watch.html" 2> "$log" <<'PYTHON'
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode())
PYTHON
grep -q 'http-equiv="refresh"' "$work/watch.html" || verdict "watch" "it does not ask again"
page watch "$work/watch.html"
verdicts
