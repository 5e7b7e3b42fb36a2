// SPDX-License-Identifier: Apache-2.0
// Writes that their initiators do not wait for, to one node or to several.
#include <algorithm>
#include <memory>
#include <vector>

#include "models/noc/noc.h"
#include "models/tlm/consume.h"

namespace weft::noc {

Status Noc::post(int source, const Transfer& transfer, Posting& posting, sc_core::sc_time& delay) {
  auto message = std::make_shared<PostedMessage>();
  std::vector<int> nodes;
  for (const PostedDestination& destination : posting.destinations) {
    const AddressRange* range = find(destination.address, transfer.size);
    if (range == nullptr) break;
    nodes.push_back(range->node);
  }
  const bool known = !nodes.empty() && nodes.size() == posting.destinations.size();
  if (!known || (nodes.size() > 1 && !config_.multicast)) return access(source, transfer, delay);
  consume(delay);
  enter(interfaces_[checked(source)]);
  message->source = source;
  message->data.assign(transfer.data, transfer.data + transfer.size);
  message->failed = posting.failed;
  message->bytes = transfer.size + kPostedBytes * nodes.size();
  message->packets = mesh_.cut(message->bytes).packets;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    message->writes.push_back({nodes[i], posting.destinations[i], order_.take(source, nodes[i])});
  }
  ++posted_.messages;
  posting.taken = true;
  if (nodes.size() == 1) {
    send_posted(message);
    return Status::ok;
  }
  ++posted_.multicasts;
  message->tree.emplace(mesh_.topology(), source, nodes);
  message->at_source = message->packets * message->tree->stops().front().next.size();
  for (std::uint64_t packet = 0; packet < message->packets; ++packet) spread(message, 0, packet);
  return Status::ok;
}

// Takes one of the places of a network interface.
void Noc::enter(Interface& own) {
  if (own.held == config_.posted_writes) ++posted_.blocked;
  while (own.held == config_.posted_writes) sc_core::wait(own.room);
  ++own.held;
}

void Noc::leave(int source) {
  Interface& own = interfaces_[checked(source)];
  --own.held;
  own.room.notify();
}

void Noc::send_posted(const std::shared_ptr<PostedMessage>& message) {
  const int source = message->source;
  PostedWrite& write = message->writes.front();
  const Flight flight =
      depart(source, write.node, message->bytes, TrafficClass::kPosted, [this, source] { leave(source); });
  processes_.run([this, message, flight, &write] {
    arrive(flight);
    deliver(*message, write);
  });
}

void Noc::spread(const std::shared_ptr<PostedMessage>& message, std::size_t stop, std::uint64_t packet) {
  const std::vector<MulticastTree::Stop>& stops = message->tree->stops();
  const auto left = [this, message] {
    if (--message->at_source == 0) leave(message->source);
  };
  for (const std::size_t next : stops[stop].next) {
    const std::function<void()> told = stop == 0 ? std::function<void()>(left) : nullptr;
    const Flight flight = depart(stops[stop].node, stops[next].node, bytes_of(*message, packet),
                                 TrafficClass::kMulticast, told);
    processes_.run([this, message, next, packet, flight] {
      arrive(flight);
      spread(message, next, packet);
      const MulticastTree::Stop& here = message->tree->stops()[next];
      // The packets of a way between two stops arrive in order.
      if (!here.destination || packet + 1 < message->packets) return;
      deliver(*message, message->writes[*here.destination]);
    });
  }
}

std::uint64_t Noc::bytes_of(const PostedMessage& message, std::uint64_t packet) const {
  const std::uint64_t room = std::uint64_t{config_.mesh.max_packet_flits} * config_.mesh.flit_bytes;
  return std::min(room, message.bytes - packet * room);
}

void Noc::deliver(PostedMessage& message, PostedWrite& write) {
  order_.await(write.place);
  std::uint64_t address = write.destination.address;
  Status status = write_at(write.node, address, message.data.data(), message.data.size());
  if (status == Status::ok && write.destination.counter != 0) {
    address = write.destination.counter;
    status = write_at(write.node, address, &write.destination.amount, sizeof write.destination.amount);
  }
  order_.leave(write.place);
  if (status == Status::ok) return;
  ++posted_.failed;
  carry(write.node, message.source, 0, TrafficClass::kControl);
  if (message.failed) message.failed(status, address);
}

Status Noc::write_at(int node, std::uint64_t address, void* data, std::size_t bytes) {
  sc_core::sc_time delay;
  const Status status = to_node(node).write(address, data, static_cast<std::uint32_t>(bytes), delay);
  consume(delay);
  return status;
}

}  // namespace weft::noc
