// SPDX-License-Identifier: Apache-2.0
// What a tile sends: one message to each receiver, or one to all that get the same data.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

void TileGenerator::send_all(const char* what, const std::vector<Message>& messages) {
  std::vector<bool> sent(messages.size(), false);
  for (std::size_t first = 0; first < messages.size(); ++first) {
    if (sent[first]) continue;
    const Message& message = messages[first];
    std::vector<Emitter::Destination> destinations;
    std::string tiles;
    // A message to the own tile does not use the network.
    const bool shared = layout_.multicast && message.tile != tile_.tile;
    for (std::size_t other = first; other < messages.size(); ++other) {
      const Message& each = messages[other];
      if (other != first && (!shared || each.tile == tile_.tile || !each.same_data(message))) continue;
      sent[other] = true;
      destinations.push_back({each.destination, each.counter});
      tiles += fmt::format("{}{}", tiles.empty() ? "" : ", ", each.tile);
    }
    as_.note(fmt::format("{} to tile{} {}", what, destinations.size() > 1 ? "s" : "", tiles));
    if (destinations.size() == 1) {
      e_.send(message.source, message.destination, message.bytes, message.counter);
      continue;
    }
    const bool by_sample = std::any_of(destinations.begin(), destinations.end(),
                                       [](const Emitter::Destination& each) { return each.area.pitch != 0; });
    e_.multicast(message.source, destinations, message.bytes, by_sample ? network_.batch : 1);
  }
}

}  // namespace weft::compiler
