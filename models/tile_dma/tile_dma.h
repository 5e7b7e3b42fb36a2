// SPDX-License-Identifier: Apache-2.0
// The DMA engine of a tile: copies between the tile's buffer, other tiles and system memory, and tells
// other tiles that their data has arrived. `operands` is bound to the tile's bus, which sends addresses
// outside the tile to the on-chip network; that may block in simulated time.
//
//   dma    copies LENGTH bytes
//   dma2d  copies COUNT rows of LENGTH bytes, SRC_STRIDE and DST_STRIDE bytes apart
//   mcast  as send, to COUNT tiles: SRC1 has two words for each, the destination's address and what
//          COMPLETION would be for it; as one message where the network takes posted writes to several
//          destinations
//   send   copies LENGTH bytes into the window of a tile; when the last write has been acknowledged, the
//          amount in COMPLETION is added to that tile's sync counter (if COMPLETION enables it). Where the
//          network takes posted writes, nothing is acknowledged: a burst is done when the network has it,
//          and the network adds the amount behind the last one (models/tlm/posting.h)
//
// A row moves in bursts of up to `max_burst` bytes, one after the other: a burst is read, then written,
// and takes as long as both. Bytes need no alignment. Overlapping source and destination are copied
// burst by burst in ascending order.
//
// Refused when issued: an opcode that does not exist, a length or row count of 0 (illegal instruction,
// value: the field that is wrong); a range that passes the end of 32-bit addresses, and a send that does
// not end in the tile window in which it begins (access fault, value: address of the row; of mcast only while
// it runs, before anything is sent). While it runs: load or store access fault with the address of the burst,
// or of the counter, that nothing answered; what was copied before stays. A posted write that nothing takes
// is a store access fault after its command has completed.
#pragma once

#include <cstdint>
#include <vector>

#include "models/unit/command_unit.h"

namespace weft::tile_dma {

// Of one mcast.
constexpr unsigned max_destinations = 256;

struct TileDmaConfig {
  unit::CommandUnitConfig unit;
  std::uint32_t max_burst = 4096;  // bytes, at least 1
  // Where tile windows lie, and where a window has its sync board.
  std::uint32_t tiles_base = 0x40000000;
  std::uint32_t tiles_size = 0x40000000;        // bytes of all windows together
  std::uint32_t tile_window_size = 0x00100000;  // bytes, a power of two
  std::uint32_t sync_offset = 0;                // of the sync board in a window
};

class TileDma : public unit::CommandUnit {
 public:
  // Throws weft::Error when the burst is empty or the window size not a power of two.
  TileDma(const sc_core::sc_module_name& name, const TileDmaConfig& config, Context& context);

  // Statistics since construction: bytes written to their destination, and bursts.
  std::uint64_t bytes_moved() const { return bytes_moved_; }
  std::uint64_t transfers() const { return transfers_; }

 protected:
  std::optional<unit::Fault> check(const unit::Command& command) const override;
  std::optional<unit::Fault> execute(const unit::Command& command) override;
  unit::Footprint footprint(const unit::Command& command) const override;
  unit::Command announced(const unit::Command& command) const override;

 private:
  std::optional<unit::Fault> check_send(const unit::Command& command) const;
  std::optional<unit::Fault> check_multicast(const unit::Command& command) const;
  std::optional<unit::Fault> copy(std::uint32_t source, std::uint32_t destination, std::uint32_t bytes);
  std::optional<unit::Fault> move_burst(std::uint32_t source, std::uint32_t destination, std::uint32_t bytes);
  std::optional<unit::Fault> fetch(std::uint32_t source, std::uint32_t bytes);
  // Writes what has been fetched to one destination after the other, or lets the network do it.
  std::optional<unit::Fault> hand_over(std::uint32_t bytes,
                                       const std::vector<PostedDestination>& destinations);
  std::optional<unit::Fault> raise_counter(const PostedDestination& destination);
  std::optional<unit::Fault> send(std::uint32_t source, std::uint32_t bytes,
                                  const std::vector<PostedDestination>& destinations);
  std::optional<unit::Fault> multicast(const unit::Command& command);
  PostedDestination destination(std::uint32_t address, std::uint32_t announcement) const;
  bool within_a_tile(std::uint32_t address, std::uint32_t bytes) const;

  TileDmaConfig config_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t bytes_moved_ = 0;
  std::uint64_t transfers_ = 0;
};

}  // namespace weft::tile_dma
