// SPDX-License-Identifier: Apache-2.0
// The registers of a block behind its target socket. The table comes from the block's registers.yaml
// (tools/generate/registers.py); a model adds callbacks for what happens on an access.
//
// Rules: an access covers whole registers, aligned to their width, or it is a burst error; a hole is an
// address error; writing a read-only or reading a write-only register is a command error. A debug
// access returns or changes the stored value and calls nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "models/tlm/transfer.h"

namespace weft {

enum class RegisterAccess { read_write, read_only, write_only };

struct RegisterInfo {
  const char* name;
  std::uint32_t offset;  // bytes from the start of the block
  std::uint32_t bytes;   // 1 or 4
  RegisterAccess access;
  std::uint32_t reset;
  std::uint32_t write_mask;  // bits that a write can change
  std::uint32_t count;       // 1, or the length of an array of registers
  std::uint32_t stride;      // bytes between the elements of an array
};

class RegisterFile {
 public:
  using ReadHook = std::function<std::uint32_t(unsigned index)>;
  using WriteHook = std::function<void(unsigned index, std::uint32_t value)>;
  // Told when software sets bits that the model does not have: register, index, those bits.
  using UnmodelledHook = std::function<void(const RegisterInfo&, unsigned index, std::uint32_t bits)>;

  explicit RegisterFile(const std::vector<RegisterInfo>& table);
  RegisterFile(const RegisterFile&) = delete;
  RegisterFile& operator=(const RegisterFile&) = delete;

  // The value a bus read returns; may have side effects. `info` names the register by its table entry.
  void on_read(const RegisterInfo& info, ReadHook hook);
  // The value a debug read returns, when it is not what is stored; must not have side effects.
  void on_peek(const RegisterInfo& info, ReadHook hook);
  // Called after the masked value has been stored.
  void on_write(const RegisterInfo& info, WriteHook hook);
  void on_unmodelled(UnmodelledHook hook) { unmodelled_ = std::move(hook); }

  std::uint32_t get(const RegisterInfo& info, unsigned index = 0) const;
  void set(const RegisterInfo& info, std::uint32_t value, unsigned index = 0);
  void reset();

  Status access(const Transfer& transfer);

 private:
  struct Slot {
    RegisterInfo info;
    std::vector<std::uint32_t> values;
    ReadHook read;
    ReadHook peek;
    WriteHook write;
  };
  struct Place {
    std::size_t slot = 0;
    unsigned index = 0;
  };
  // Registers by offset. Programs poll: most look-ups are for the register that was asked for last.
  class Directory {
   public:
    void add(std::uint32_t offset, const Place& place) { places_[offset] = place; }
    bool has(std::uint32_t offset) const { return places_.count(offset) != 0; }
    // Null if no register begins there.
    const Place* find(std::uint32_t offset);

   private:
    std::unordered_map<std::uint32_t, Place> places_;
    std::uint32_t recent_offset_ = 0;
    const Place* recent_ = nullptr;
  };

  Slot& slot(const RegisterInfo& info);
  const Slot& slot(const RegisterInfo& info) const;
  // Reading and writing may reach different registers at one offset (16550: RBR and THR).
  Status access_one(bool write, bool debug, std::uint32_t offset, std::uint8_t* data, std::uint32_t left,
                    std::uint32_t& used);
  std::uint32_t read_one(Slot& target, unsigned index, bool debug);
  void write_one(Slot& target, unsigned index, std::uint32_t value, bool debug);

  std::vector<Slot> slots_;
  Directory readable_;
  Directory writable_;
  UnmodelledHook unmodelled_;
};

}  // namespace weft
