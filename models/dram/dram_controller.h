// SPDX-License-Identifier: Apache-2.0
// A memory controller with its channels: the time and energy of DRAM in front of the memory that holds the
// bytes.
//
//   requests ──▶ socket │ DramController │ store ──▶ memory::Memory (no time of its own)
//
// Time of an access that arrives at local time t (simulated time + annotated delay): it reaches its
// channels at t + latency, at the next edge of their clock, and is done when the last of its data has passed
// the bus of the last of its channels. Writes are done likewise: there is no buffer that takes them
// earlier. Accesses may be made with any annotated delay; see channel.h for what that means.
//
// Several controllers share a memory when each has every `shares`-th block of `share_bytes`. Addresses are
// those of the whole memory; an access to another's block is an address error, as is one beyond `size`.
// Debug access goes to the store at once. Direct memory access bypasses the timing and the statistics, and
// is granted only where configured.
#pragma once

#include <cstdint>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/dram/channel.h"
#include "models/tlm/initiator_socket.h"
#include "models/tlm/target_socket.h"

namespace weft::dram {

struct DramControllerConfig {
  std::uint64_t size = 0;  // bytes of the memory, all controllers together
  ChannelConfig channel;   // all channels are alike
  int channels = 1;        // a power of two, up to 64
  // Neighbouring blocks of so many bytes lie in different channels; a power of two, at least a burst.
  std::uint64_t channel_bytes = 256;
  sc_core::sc_time latency;  // of controller and physical interface, there and back together
  unsigned share = 0;        // which of the `shares`
  unsigned shares = 1;
  std::uint64_t share_bytes = 4096;
  bool direct = false;  // grants direct memory access (DMI)

  std::uint64_t capacity() const {
    return static_cast<std::uint64_t>(channels) * channel.organisation.capacity();
  }
  // Bytes of the memory that are this controller's.
  std::uint64_t own_bytes() const;
  // Throws weft::Error: what was found, what is allowed.
  void validate() const;
};

struct DramStatistics {
  ChannelStatistics channels;  // of all channels together
  std::uint64_t requests = 0;
  std::uint64_t bytes_read = 0;  // asked for; what the buses carry are whole bursts
  std::uint64_t bytes_written = 0;
  sc_core::sc_time latency_sum;  // from arrival at the socket
  sc_core::sc_time latency_max;
};

class DramController : public sc_core::sc_module {
 public:
  // Throws weft::Error if the configuration is not valid.
  DramController(const sc_core::sc_module_name& name, const DramControllerConfig& config, Context& context);

  TargetSocket socket{"socket"};
  InitiatorSocket store{"store"};

  // Grants direct access from now on, or withdraws what was granted.
  void allow_direct(bool allowed);

  // Brings refreshes, the time with open banks and all energies up to now. Statistics and accounts are those
  // of the last call.
  void settle();
  DramStatistics statistics() const;
  const DramControllerConfig& config() const { return config_; }

 private:
  struct Account {
    EnergyLedger::Account* account;
    std::uint64_t charged = 0;
    void charge_up_to(std::uint64_t count);
  };

  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  bool is_own(std::uint64_t address, std::uint64_t size) const;
  std::uint64_t own_offset(std::uint64_t address) const;
  Service serve(std::uint64_t offset, const Transfer& transfer, Cycle arrival, Cycle horizon);
  std::optional<DirectRegion> direct_region(std::uint64_t address);
  // The first edge of the channels' clock from a time on.
  Cycle edge(const sc_core::sc_time& time) const;
  sc_core::sc_time time_of(Cycle cycle) const;

  const DramControllerConfig config_;
  std::vector<Channel> channels_;
  std::vector<Request> pieces_;  // of the request that is being served, by channel
  bool direct_;
  std::uint64_t requests_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
  sc_core::sc_time latency_sum_;
  sc_core::sc_time latency_max_;
  Account activate_;
  Account read_bit_;
  Account write_bit_;
  Account refresh_;
  Account standby_cycle_;
  Account active_cycle_;
};

}  // namespace weft::dram
