// SPDX-License-Identifier: Apache-2.0
// A system on chip of somebody else's that contains Weft's accelerator. Memory and processor are plain
// SystemC with plain TLM-2.0 sockets; the processor is a thread that does what a driver would do.
//
//   processor ──▶ accelerator.host        tile windows: programs, registers
//   processor ──▶ memory ◀── accelerator.system    data set, results
//   processor ◀── accelerator.irq
//
// Usage: soc SCENARIO
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <systemc>
#include <vector>

#include "firmware/include/weft/boot_info.h"
#include "models/tile/window.h"
#include "models/tile_control/registers.h"
#include "platform/assembly/machine_config.h"
#include "platform/config/config.h"
#include "platform/loader/elf_file.h"
#include "platform/machine/accelerator.h"
#include "tools/weft/workload.h"

namespace {

using sc_core::sc_time;

class SystemMemory : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<SystemMemory, 32> port{"port"};

  SystemMemory(const sc_core::sc_module_name& name, std::uint64_t base, std::uint64_t size)
      : sc_module(name), base_(base), bytes_(size) {
    port.register_b_transport(this, &SystemMemory::transport);
  }
  void load(std::uint64_t address, const std::vector<std::uint8_t>& data) {
    std::copy(data.begin(), data.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(address - base_));
  }

 private:
  void transport(int, tlm::tlm_generic_payload& payload, sc_time& delay) {
    const std::uint64_t offset = payload.get_address() - base_;
    if (offset >= bytes_.size() || payload.get_data_length() > bytes_.size() - offset) {
      payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
      return;
    }
    if (payload.is_read()) std::memcpy(payload.get_data_ptr(), &bytes_[offset], payload.get_data_length());
    if (payload.is_write()) std::memcpy(&bytes_[offset], payload.get_data_ptr(), payload.get_data_length());
    delay += sc_time(50, sc_core::SC_NS);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }

  const std::uint64_t base_;
  std::vector<std::uint8_t> bytes_;
};

class Processor : public sc_core::sc_module {
 public:
  using Socket = tlm_utils::simple_initiator_socket<Processor, 32>;
  Socket memory{"memory"};
  Socket accelerator{"accelerator"};
  sc_core::sc_in<bool> irq{"irq"};

  SC_HAS_PROCESS(Processor);
  Processor(const sc_core::sc_module_name& name, std::uint64_t boot_info, std::uint64_t tiles_base)
      : sc_module(name), boot_info_(boot_info), tiles_base_(tiles_base) {
    SC_THREAD(work);
  }
  bool ok() const { return ok_; }

 private:
  void work() {
    ok_ = train();
    sc_core::sc_stop();
  }

  // What the boot information in memory names: the programs of the tiles, and which tiles have one.
  bool train() {
    namespace r = weft::tile_control::registers;
    const auto boot = load<weft_boot_info>(boot_info_);
    std::vector<std::uint8_t> elf(boot.program_size);
    access(memory, tlm::TLM_READ_COMMAND, boot.program, elf.data(), elf.size());
    for (const weft::loader::Segment& segment : weft::loader::parse_elf(elf, "program").segments) {
      std::vector<std::uint8_t> bytes = segment.bytes;
      bytes.resize(segment.memory_size);
      access(accelerator, tlm::TLM_WRITE_COMMAND, segment.address, bytes.data(), bytes.size());
    }
    std::vector<weft_boot_tile> tiles(boot.tile_count);
    access(memory, tlm::TLM_READ_COMMAND, boot.tiles, tiles.data(), tiles.size() * sizeof tiles[0]);
    for (const weft_boot_tile& each : tiles) {
      set(each.tile, r::control, r::control_reset);
      set(each.tile, r::entry, each.entry);
      set(each.tile, r::enable, r::enable_progress | r::enable_done | r::enable_fault);
    }
    for (const weft_boot_tile& each : tiles) set(each.tile, r::control, r::control_start);

    std::uint32_t done = 0;
    std::uint32_t epochs = 0;
    while (done < boot.tile_count) {
      if (!irq.read()) wait(irq.posedge_event());
      for (const weft_boot_tile& each : tiles) {
        const std::uint32_t events = get(each.tile, r::events);
        set(each.tile, r::events, events);  // clears what has been seen
        if ((events & r::events_fault) != 0) {
          std::printf("tile %u: fault %u at pc %#x\n", each.tile, get(each.tile, r::fault_cause),
                      get(each.tile, r::fault_pc));
          return false;
        }
        if ((events & r::events_done) != 0) ++done;
      }
      for (; epochs < boot.record_count; ++epochs) {
        const auto record = load<weft_epoch_record>(boot.records + epochs * sizeof(weft_epoch_record));
        if (record.valid == 0) break;
        std::printf("epoch %u: %u of %u test samples right\n", record.epoch, record.test_correct,
                    record.test_samples);
      }
      wait(sc_time(1, sc_core::SC_US));  // an interrupt handler takes its time
    }
    std::printf("done after %s\n", sc_core::sc_time_stamp().to_string().c_str());
    return true;
  }

  // An access blocks for as long as it takes in simulated time, on the accelerator's network as well.
  static void access(Socket& socket, tlm::tlm_command command, std::uint64_t address, void* data,
                     std::size_t size) {
    if (size == 0) return;
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(static_cast<unsigned char*>(data));
    payload.set_data_length(static_cast<unsigned>(size));
    payload.set_streaming_width(static_cast<unsigned>(size));
    sc_time delay;
    socket->b_transport(payload, delay);
    sc_core::wait(delay);
    if (!payload.is_response_ok()) SC_REPORT_FATAL("processor", payload.get_response_string().c_str());
  }
  template <typename Value>
  Value load(std::uint64_t address) {
    Value value{};
    access(memory, tlm::TLM_READ_COMMAND, address, &value, sizeof value);
    return value;
  }
  std::uint64_t address_of(std::uint32_t tile, const weft::RegisterInfo& info) const {
    return tiles_base_ + std::uint64_t{tile} * weft::tile::window_size +
           weft::tile::window::tile_control_base + info.offset;
  }
  void set(std::uint32_t tile, const weft::RegisterInfo& info, std::uint32_t value) {
    access(accelerator, tlm::TLM_WRITE_COMMAND, address_of(tile, info), &value, sizeof value);
  }
  std::uint32_t get(std::uint32_t tile, const weft::RegisterInfo& info) {
    std::uint32_t value = 0;
    access(accelerator, tlm::TLM_READ_COMMAND, address_of(tile, info), &value, sizeof value);
    return value;
  }

  const std::uint64_t boot_info_;
  const std::uint64_t tiles_base_;
  bool ok_ = false;
};

int train(const char* file) {
  weft::config::LoadOptions options;
  options.preset_path = {PRESETS};
  const weft::config::Scenario scenario = weft::config::load_scenario(file, options);
  const weft::tool::Workload workload = weft::tool::prepare(scenario);  // data set and programs
  const std::uint32_t boot_info = workload.program.dram.boot_info;
  const auto config = weft::assembly::machine_config(scenario, boot_info).accelerator;

  weft::Context context;
  weft::machine::Accelerator accelerator("accelerator", config, context);
  SystemMemory memory("memory", 0x80000000, scenario.platform.host.dram_size_bytes);
  Processor processor("processor", boot_info, config.tiles_base);
  sc_core::sc_signal<bool> irq("irq_line");
  processor.accelerator.bind(accelerator.host);
  processor.memory.bind(memory.port);
  accelerator.system.bind(memory.port);
  accelerator.irq.bind(irq);
  processor.irq.bind(irq);

  for (const weft::compiler::MemoryImage& image : workload.program.images) {
    memory.load(image.address, image.bytes);
  }
  sc_core::sc_start();
  std::printf("energy of the accelerator: %.3g J\n", context.energy.total().value());
  return processor.ok() ? 0 : 1;
}

}  // namespace

int sc_main(int argc, char* argv[]) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: soc SCENARIO\n");
    return 2;
  }
  try {
    return train(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soc: %s\n", error.what());
    return 1;
  }
}
