// SPDX-License-Identifier: Apache-2.0
#include "tests/models/hart/qemu/features.h"

#include <fmt/format.h>

#include "models/hart/pmp.h"

namespace weft::test {

hart::CoreConfig core_config(const Features& features) {
  hart::CoreConfig config;
  config.muldiv = features.muldiv;
  config.atomics = features.atomics;
  config.compressed = features.compressed;
  config.zba = features.zba;
  config.zbb = features.zbb;
  config.zbs = features.zbs;
  config.single_float = features.single_float;
  config.user_mode = features.user_mode;
  config.pmp_entries = features.protection ? hart::Pmp::max_entries : 0;
  if (features.misaligned) config.misaligned = hart::MisalignedAccess::hardware;
  config.costs.load_use = 2;
  config.vendor_id = vendor_id;
  config.architecture_id = architecture_id;
  config.implementation_id = implementation_id;
  return config;
}

std::string qemu_cpu(const Features& features) {
  std::string cpu =
      fmt::format("rv32,mvendorid={},marchid={},mimpid={}", vendor_id, architecture_id, implementation_id);
  cpu += ",s=off,h=off,d=off,mmu=off,zbc=off";
  const auto add = [&cpu](const char* name, bool on) {
    cpu += fmt::format(",{}={}", name, on ? "on" : "off");
  };
  add("u", features.user_mode);
  add("pmp", features.protection);
  add("m", features.muldiv);
  add("a", features.atomics);
  add("c", features.compressed);
  add("f", features.single_float);
  add("zba", features.zba);
  add("zbb", features.zbb);
  add("zbs", features.zbs);
  return cpu;
}

}  // namespace weft::test
