#!/usr/bin/env bash
# npm run setup:gpu - installs Mesa's lavapipe, a Vulkan driver that runs on the CPU: about six times as fast as
# SwiftShader, and with f16. Debian and Ubuntu, as root. On Debian 12 it comes from bookworm-backports, because
# Dawn refuses the Mesa 22.3 of Debian 12 itself.
set -euo pipefail

fail() { echo "setup:gpu: $1" >&2; exit 1; }

[ "$(uname -s)" = Linux ] || fail "only Linux needs this: macOS and Windows bring WebGPU drivers of their own."
command -v apt-get > /dev/null || fail "there is no apt-get here; install your distribution's Mesa Vulkan drivers (24 or newer) and the Vulkan loader."
[ "$(id -u)" = 0 ] || fail "installing packages needs root; run: sudo npm run setup:gpu"

lavapipe() { ls /usr/share/vulkan/icd.d/lvp_icd*.json > /dev/null 2>&1; }
mesa_major() { dpkg-query -W -f '${Version}' mesa-vulkan-drivers 2> /dev/null | sed 's/^[0-9]*://; s/\..*//'; }

if lavapipe && [ "$(mesa_major)" -ge 24 ] 2> /dev/null && ldconfig -p | grep -q 'libvulkan\.so\.1'; then
  echo "setup:gpu: lavapipe is installed already (Mesa $(dpkg-query -W -f '${Version}' mesa-vulkan-drivers))."
else
  . /etc/os-release
  export DEBIAN_FRONTEND=noninteractive
  echo "setup:gpu: refreshing the package lists"
  apt-get update -qq || fail "apt-get update failed; is the network there?"
  from=()
  if [ "${ID:-}" = debian ] && [ "${VERSION_CODENAME:-}" = bookworm ]; then
    from=(-t bookworm-backports)
    if ! apt-cache policy | grep -q 'a=[a-z-]*-backports,n=bookworm-backports'; then
      mirror=$(apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)' | sed -n 's/|\(bookworm\|stable\|oldstable\)|main$//p' | head -n 1)
      [ -n "$mirror" ] || fail "no Debian mirror for bookworm among the package sources; add bookworm-backports by hand and run this again."
      echo "setup:gpu: adding bookworm-backports of $mirror to /etc/apt/sources.list.d/bookworm-backports.list"
      echo "deb $mirror bookworm-backports main" > /etc/apt/sources.list.d/bookworm-backports.list
      apt-get update -qq || fail "apt-get update failed with bookworm-backports."
    fi
  fi
  echo "setup:gpu: installing libvulkan1 and mesa-vulkan-drivers"
  apt-get install -y -qq --no-install-recommends "${from[@]}" libvulkan1 mesa-vulkan-drivers > /dev/null || fail "apt-get could not install libvulkan1 and mesa-vulkan-drivers."
  lavapipe || fail "the installed Mesa has no lavapipe driver."
fi

[ -d node_modules/webgpu ] || exit 0
driver=$(ls /usr/share/vulkan/icd.d/lvp_icd*.json | head -n 1)
VK_DRIVER_FILES=$driver VK_ICD_FILENAMES=$driver node --input-type=module -e '
  import { create } from "webgpu";
  globalThis.dawn = create([]);
  const adapter = await dawn.requestAdapter();
  if (!adapter) { console.error("setup:gpu: lavapipe is installed, but WebGPU refuses it: Mesa 24 or newer is needed."); process.exit(1); }
  console.log(`setup:gpu: WebGPU runs on ${adapter.info.description}`);' 2> >(grep -v 'artificially reduced' >&2)
