// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/register_file.h"

#include <cassert>
#include <cstring>

namespace weft {

RegisterFile::RegisterFile(const std::vector<RegisterInfo>& table) {
  for (const RegisterInfo& info : table) {
    const std::size_t number = slots_.size();
    slots_.push_back({info, std::vector<std::uint32_t>(info.count, info.reset), {}, {}, {}});
    for (unsigned index = 0; index < info.count; ++index) {
      const std::uint32_t offset = info.offset + index * info.stride;
      if (info.access != RegisterAccess::write_only) readable_.add(offset, {number, index});
      if (info.access != RegisterAccess::read_only) writable_.add(offset, {number, index});
    }
  }
}

const RegisterFile::Place* RegisterFile::Directory::find(std::uint32_t offset) {
  if (recent_ != nullptr && recent_offset_ == offset) return recent_;
  const auto found = places_.find(offset);
  if (found == places_.end()) return nullptr;
  recent_offset_ = offset;
  recent_ = &found->second;
  return recent_;
}

void RegisterFile::on_read(const RegisterInfo& info, ReadHook hook) { slot(info).read = std::move(hook); }
void RegisterFile::on_peek(const RegisterInfo& info, ReadHook hook) { slot(info).peek = std::move(hook); }
void RegisterFile::on_write(const RegisterInfo& info, WriteHook hook) { slot(info).write = std::move(hook); }

std::uint32_t RegisterFile::get(const RegisterInfo& info, unsigned index) const {
  return slot(info).values.at(index);
}

void RegisterFile::set(const RegisterInfo& info, std::uint32_t value, unsigned index) {
  slot(info).values.at(index) = value;
}

void RegisterFile::reset() {
  for (Slot& each : slots_) each.values.assign(each.info.count, each.info.reset);
}

RegisterFile::Slot& RegisterFile::slot(const RegisterInfo& info) {
  for (Slot& each : slots_) {
    if (each.info.offset == info.offset && std::strcmp(each.info.name, info.name) == 0) return each;
  }
  assert(false && "register is not in this block's table");
  return slots_.front();
}

const RegisterFile::Slot& RegisterFile::slot(const RegisterInfo& info) const {
  return const_cast<RegisterFile*>(this)->slot(info);
}

Status RegisterFile::access(const Transfer& transfer) {
  // Offsets have 32 bits: an address beyond them must not reach a register at its lower half.
  constexpr std::uint64_t addresses = std::uint64_t{1} << 32;
  if (transfer.address >= addresses || transfer.size > addresses - transfer.address)
    return Status::address_error;
  std::uint32_t done = 0;
  while (done < transfer.size) {
    std::uint32_t used = 0;
    const Status status =
        access_one(transfer.write, transfer.debug, static_cast<std::uint32_t>(transfer.address) + done,
                   transfer.data + done, transfer.size - done, used);
    if (status != Status::ok) return status;
    done += used;
  }
  return Status::ok;
}

Status RegisterFile::access_one(bool write, bool debug, std::uint32_t offset, std::uint8_t* data,
                                std::uint32_t left, std::uint32_t& used) {
  Directory& places = write ? writable_ : readable_;
  const Place* const found = places.find(offset);
  if (found == nullptr) {
    const Directory& other = write ? readable_ : writable_;
    if (other.has(offset)) return Status::command_error;
    // Inside a register but not at its start is a wrong access, not a hole.
    return places.has(offset & ~3u) && (offset & 3u) != 0 ? Status::burst_error : Status::address_error;
  }
  Slot& target = slots_[found->slot];
  if (left < target.info.bytes) return Status::burst_error;
  used = target.info.bytes;
  std::uint32_t value = 0;
  if (write) {
    std::memcpy(&value, data, used);
    write_one(target, found->index, value, debug);
  } else {
    value = read_one(target, found->index, debug);
    std::memcpy(data, &value, used);
  }
  return Status::ok;
}

std::uint32_t RegisterFile::read_one(Slot& target, unsigned index, bool debug) {
  if (debug) return target.peek ? target.peek(index) : target.values[index];
  if (target.read) return target.read(index);
  return target.peek ? target.peek(index) : target.values[index];
}

void RegisterFile::write_one(Slot& target, unsigned index, std::uint32_t value, bool debug) {
  const std::uint32_t mask = target.info.write_mask;
  target.values[index] = (target.values[index] & ~mask) | (value & mask);
  if (debug) return;
  if ((value & ~mask) != 0 && unmodelled_) unmodelled_(target.info, index, value & ~mask);
  if (target.write) target.write(index, value & mask);
}

}  // namespace weft
