#!/bin/sh
# Runs atrous on this machine with the Node that stands beside: it needs a Vulkan driver and nothing else.
#   ./run.sh check [NAME …]      compares every case of the benchmark, and every kernel variant, with slow references
#   ./run.sh bench [OPTIONS …]   the benchmark (--help says what it takes); without options limits, operators, networks and training, saved to app/bench/results
#   ./run.sh pytorch [OPTIONS …] the same shapes in this machine's PyTorch, added to the saved results
#   ./run.sh report              report.html out of the saved results
#   ./run.sh node FILE …         any program
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

# Libraries of the system first: the ones here are for machines without.
found() {
  for folder in /usr/lib64 /usr/lib /lib64 /lib /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu /usr/local/lib; do
    [ ! -e "$folder/$1" ] || return 0
  done
  return 1
}
for library in libvulkan.so.1 libstdc++.so.6 libgcc_s.so.1; do
  found "$library" || LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib/$library"
done
[ -z "${LD_LIBRARY_PATH:-}" ] || export LD_LIBRARY_PATH

# NVIDIA's driver: its description file where installers and containers put it, else one of our own.
if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]; then
  for file in /usr/share/vulkan/icd.d/nvidia_icd*.json /etc/vulkan/icd.d/nvidia_icd*.json /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd*.json; do
    [ ! -e "$file" ] || VK_DRIVER_FILES=$file
  done
  if [ -z "${VK_DRIVER_FILES:-}" ]; then
    for library in libEGL_nvidia.so.0 libGLX_nvidia.so.0; do
      if found "$library"; then
        printf '{"file_format_version":"1.0.0","ICD":{"library_path":"%s","api_version":"1.3.0"}}\n' "$library" > "$here/nvidia_icd.json"
        VK_DRIVER_FILES=$here/nvidia_icd.json
      fi
    done
  fi
fi
if [ -n "${VK_DRIVER_FILES:-}" ]; then
  VK_ICD_FILENAMES=$VK_DRIVER_FILES # loaders before 1.3.207
  export VK_DRIVER_FILES VK_ICD_FILENAMES
fi
# Timestamps without rounding and experimental features; f16 on NVIDIA is always asked for.
export ATROUS_TOGGLES="${ATROUS_TOGGLES-allow_unsafe_apis}"

cd "$here/app"
run() { "$here/node" "$@"; }
what=${1:-help}
[ $# -eq 0 ] || shift
case $what in
  check) run bench/check.js "$@" ;;
  bench)
    [ $# -gt 0 ] || set -- --group limits --group operators --group networks --group training --profile --save
    run bench/index.js "$@" ;;
  pytorch) exec python3 bench/peers/pytorch.py --shapes bench/shapes.json --results bench/results "$@" ;;
  report) run bench/html-report.js --to "$here/report.html" ;;
  node) run "$@" ;;
  *) sed -n "2,7s/^# \{0,1\}//p" "$here/run.sh" ;;
esac
