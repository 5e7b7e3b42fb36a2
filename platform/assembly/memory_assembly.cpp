// SPDX-License-Identifier: Apache-2.0
#include "platform/assembly/memory_assembly.h"

#include "platform/config/memory.h"

namespace weft::assembly {

namespace {

dram::DramControllerConfig controller_config(const config::Scenario& scenario) {
  const config::MemoryConfig& memory = scenario.platform.memory;
  dram::DramControllerConfig controller;
  controller.size = scenario.platform.host.dram_size_bytes;
  controller.channel = config::dram_channel(memory, scenario.technology.memory);
  controller.channels = config::dram_channels(memory);
  controller.channel_bytes = memory.channel_interleave_bytes;
  controller.share_bytes = memory.interleave_bytes;
  controller.latency = sc_core::sc_time(memory.controller_latency_ns, sc_core::SC_NS);
  controller.direct = memory.direct;
  return controller;
}

}  // namespace

void set_memory(const config::Scenario& scenario, machine::MachineConfig& machine) {
  const config::MemoryConfig& memory = scenario.platform.memory;
  if (!memory.is_dram()) return;
  memory::MemoryConfig store;
  store.size = machine.dram.size;
  store.direct = memory.direct;
  machine.dram = store;
  if (memory.controllers.empty()) {
    machine.dram_controller = controller_config(scenario);
    return;
  }
  machine.accelerator.memory.controller = controller_config(scenario);
  for (const config::MeshPosition& position : memory.controllers)
    machine.accelerator.memory.nodes.push_back(position.y * machine.accelerator.columns + position.x);
}

}  // namespace weft::assembly
