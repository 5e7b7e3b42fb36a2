// SPDX-License-Identifier: Apache-2.0
// Host DMA engine: copies memory to memory through one initiator socket.
//
// A transfer is a sequence of bursts, each a read from the source followed by a write to the
// destination; the engine holds one burst and does not overlap the two. Time is what the targets take:
// the engine waits for it after every burst. A burst that fails ends the transfer: what was written
// before stays written, its address and the direction are in the registers.
#pragma once

#include <cstdint>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/tlm/initiator_socket.h"
#include "models/tlm/register_file.h"
#include "models/tlm/target_socket.h"

namespace weft::dma {

struct DmaConfig {
  std::uint32_t burst_bytes = 256;  // at least 1
};

struct DmaStatistics {
  std::uint64_t transfers = 0;  // completed without error
  std::uint64_t bytes = 0;      // written to a destination
  sc_core::sc_time busy;
};

class Dma : public sc_core::sc_module {
 public:
  // Throws weft::Error for bursts of no bytes.
  Dma(const sc_core::sc_module_name& name, const DmaConfig& config, Context& context);
  SC_HAS_PROCESS(Dma);

  TargetSocket socket{"socket"};  // registers
  InitiatorSocket memory{"memory"};
  sc_core::sc_out<bool> irq{"irq"};

  // Also gives up a transfer under way; the burst on the bus still ends there.
  void reset();

  const DmaStatistics& statistics() const { return statistics_; }

 private:
  enum class ErrorKind : std::uint32_t { none = 0, source = 1, destination = 2, busy = 3 };
  struct Job {
    std::uint64_t source = 0;
    std::uint64_t destination = 0;
    std::uint32_t length = 0;
    sc_core::sc_time begin;    // local time of the access that started it
    std::uint64_t number = 0;  // a reset makes the number of the job under way outdated
  };

  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  void describe_registers();
  void control(std::uint32_t value);
  void start();
  void acknowledge(std::uint32_t value);
  std::uint32_t status() const;
  void run();
  void copy(const Job& job);
  // False when the job has ended: by an error or by a reset.
  bool copy_burst(const Job& job, std::uint32_t offset);
  bool is_current(const Job& job) const { return busy_ && job.number == job_.number; }
  void finish();
  void fail(ErrorKind kind, std::uint64_t address);
  void drive();

  const DmaConfig config_;
  Context& context_;
  RegisterFile registers_;
  DmaStatistics statistics_;
  std::vector<std::uint8_t> burst_;
  Job job_;
  bool busy_ = false;
  bool done_ = false;
  ErrorKind error_ = ErrorKind::none;
  sc_core::sc_time offset_;  // of the local time of the access being served from simulated time
  sc_core::sc_event start_;
  sc_core::sc_event changed_;
};

}  // namespace weft::dma
