// SPDX-License-Identifier: Apache-2.0
#include "platform/semihosting/semihosting.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "platform/semihosting/operations.h"

namespace weft::semihosting {

namespace {

constexpr std::uint32_t minus_one = ~0u;
constexpr std::uint32_t application_exit = 0x20026;
constexpr std::uint32_t ticks_per_second = 1'000'000'000;
constexpr std::uint32_t longest_name = 4096;
constexpr std::size_t most_handles = 256;
constexpr std::size_t chunk_size = 64 * 1024;
constexpr const char* console_name = ":tt";
constexpr const char* features_name = ":semihosting-features";
// Magic number; bit 0: SYS_EXIT_EXTENDED, bit 1: separate standard output and error.
constexpr std::array<std::uint8_t, 5> features{0x53, 0x48, 0x46, 0x42, 0x03};

// fopen modes r, rb, r+, r+b, w, wb, w+, w+b, a, ab, a+, a+b.
constexpr std::uint32_t mode_count = 12;
constexpr std::uint32_t first_write_mode = 4;
constexpr std::uint32_t first_append_mode = 8;

int open_flags(std::uint32_t mode) {
  const bool both = (mode & 2u) != 0;
  if (mode < first_write_mode) return both ? O_RDWR : O_RDONLY;
  const int flags = O_CREAT | (both ? O_RDWR : O_WRONLY);
  return flags | (mode < first_append_mode ? O_TRUNC : O_APPEND);
}

}  // namespace

bool is_request(const GuestMemory& memory, std::uint32_t pc) {
  // slli x0, x0, 0x1f; ebreak; srai x0, x0, 7, none of them compressed.
  constexpr std::array<std::uint32_t, 3> sequence{0x01f01013, 0x00100073, 0x40705013};
  std::array<std::uint32_t, 3> found{};
  return memory.read(pc - 4, found.data(), sizeof found) && found == sequence;
}

Semihosting::Semihosting(const SemihostingConfig& config, Services services)
    : config_(config), services_(std::move(services)), folder_(config.root) {}

Semihosting::~Semihosting() {
  for (const std::optional<Handle>& handle : handles_) {
    if (handle && handle->kind == Kind::file) ::close(handle->descriptor);
  }
}

std::uint32_t Semihosting::call(std::uint32_t operation, std::uint32_t parameter) {
  switch (operation) {
    case sys_open:
      return open(parameter);
    case sys_close:
      return close(parameter);
    case sys_writec:
      return write_character(parameter);
    case sys_write0:
      return write_string(parameter);
    case sys_write:
      return write(parameter);
    case sys_read:
      return read(parameter);
    case sys_readc:
      return services_.input ? static_cast<std::uint32_t>(services_.input()) : minus_one;
    case sys_iserror:
      return is_error(parameter);
    case sys_istty:
      return is_terminal(parameter);
    case sys_seek:
      return seek(parameter);
    case sys_flen:
      return length(parameter);
    case sys_tmpnam:
      return temporary_name(parameter);
    case sys_remove:
      return remove(parameter);
    case sys_rename:
      return rename(parameter);
    case sys_clock:
      return static_cast<std::uint32_t>(services_.nanoseconds() / (ticks_per_second / 100));
    case sys_time:
      return static_cast<std::uint32_t>(services_.nanoseconds() / ticks_per_second);
    case sys_errno:
      return static_cast<std::uint32_t>(error_);
    case sys_get_cmdline:
      return command_line(parameter);
    case sys_heapinfo:
      return heap_information(parameter);
    case sys_exit:
      return exit(parameter, 0);
    case sys_exit_extended:
      return exit_extended(parameter);
    case sys_elapsed:
      return elapsed(parameter);
    case sys_tickfreq:
      return ticks_per_second;
    default:
      return fail(ENOSYS);
  }
}

std::uint32_t Semihosting::fail(int error) {
  error_ = error;
  return minus_one;
}

template <std::size_t count>
bool Semihosting::words(std::uint32_t block, std::uint32_t (&values)[count]) {
  if (services_.memory.read(block, values, sizeof values)) return true;
  error_ = EFAULT;
  return false;
}

std::optional<std::string> Semihosting::text(std::uint32_t address, std::uint32_t length) {
  if (length > longest_name) {
    error_ = ENAMETOOLONG;
    return std::nullopt;
  }
  std::string result(length, '\0');
  if (length != 0 && !services_.memory.read(address, result.data(), length)) {
    error_ = EFAULT;
    return std::nullopt;
  }
  // The system would take the name to end at the first zero, but the checks would see all of it.
  if (result.find('\0') != std::string::npos) {
    error_ = EINVAL;
    return std::nullopt;
  }
  return result;
}

Semihosting::Handle* Semihosting::handle(std::uint32_t number) {
  if (number >= 1 && number <= handles_.size() && handles_[number - 1]) return &*handles_[number - 1];
  error_ = EBADF;
  return nullptr;
}

std::uint32_t Semihosting::add(const Handle& added) {
  const auto free = std::find(handles_.begin(), handles_.end(), std::nullopt);
  const auto index = static_cast<std::size_t>(free - handles_.begin());
  if (free == handles_.end()) handles_.emplace_back();
  handles_[index] = added;
  return static_cast<std::uint32_t>(index + 1);
}

std::uint32_t Semihosting::open(std::uint32_t block) {
  std::uint32_t arguments[3];  // name, mode, length of the name
  if (!words(block, arguments)) return minus_one;
  const std::uint32_t mode = arguments[1];
  if (mode >= mode_count) return fail(EINVAL);
  const std::optional<std::string> name = text(arguments[0], arguments[2]);
  if (!name) return minus_one;
  const auto in_use =
      std::count_if(handles_.begin(), handles_.end(), [](auto& each) { return each.has_value(); });
  if (static_cast<std::size_t>(in_use) >= most_handles) return fail(EMFILE);
  Handle opened;
  if (*name == console_name) {
    opened.kind = mode < first_write_mode    ? Kind::input
                  : mode < first_append_mode ? Kind::output
                                             : Kind::errors;
  } else if (*name == features_name) {
    if (mode >= first_write_mode) return fail(EACCES);
    opened.kind = Kind::features;
  } else {
    opened.descriptor = folder_.open(*name, open_flags(mode));
    if (opened.descriptor < 0) return fail(-opened.descriptor);
  }
  return add(opened);
}

std::uint32_t Semihosting::close(std::uint32_t block) {
  std::uint32_t number[1];
  if (!words(block, number)) return minus_one;
  Handle* const closed = handle(number[0]);
  if (closed == nullptr) return minus_one;
  const bool ok = closed->kind != Kind::file || ::close(closed->descriptor) == 0;
  handles_[number[0] - 1].reset();
  return ok ? 0 : fail(errno);
}

std::uint32_t Semihosting::write_character(std::uint32_t address) {
  std::uint8_t character = 0;
  if (!services_.memory.read(address, &character, 1)) return fail(EFAULT);
  services_.output(character);
  return 0;
}

std::uint32_t Semihosting::write_string(std::uint32_t address) {
  std::uint8_t character = 0;
  // Ends at the latest with the memory.
  for (;; ++address) {
    if (!services_.memory.read(address, &character, 1)) return fail(EFAULT);
    if (character == 0) return 0;
    services_.output(character);
  }
}

std::int64_t Semihosting::write_chunk(Handle& to, const std::uint8_t* data, std::size_t size) {
  switch (to.kind) {
    case Kind::output:
      std::for_each(data, data + size, services_.output);
      return static_cast<std::int64_t>(size);
    case Kind::errors:
      std::for_each(data, data + size, services_.errors);
      return static_cast<std::int64_t>(size);
    case Kind::file:
      return ::write(to.descriptor, data, size);
    default:
      errno = EBADF;
      return -1;
  }
}

std::uint32_t Semihosting::write(std::uint32_t block) {
  std::uint32_t arguments[3];  // handle, data, size
  if (!words(block, arguments)) return minus_one;
  Handle* const to = handle(arguments[0]);
  if (to == nullptr) return arguments[2];
  std::uint32_t left = arguments[2];
  std::vector<std::uint8_t> chunk;
  for (std::uint32_t address = arguments[1]; left > 0;) {
    chunk.resize(std::min<std::size_t>(left, chunk_size));
    if (!services_.memory.read(address, chunk.data(), static_cast<std::uint32_t>(chunk.size()))) {
      error_ = EFAULT;
      break;
    }
    const std::int64_t written = write_chunk(*to, chunk.data(), chunk.size());
    if (written <= 0) {
      error_ = errno;
      break;
    }
    address += static_cast<std::uint32_t>(written);
    left -= static_cast<std::uint32_t>(written);
  }
  return left;
}

std::int64_t Semihosting::read_chunk(Handle& from, std::uint8_t* data, std::size_t size) {
  if (from.kind == Kind::file) return ::read(from.descriptor, data, size);
  if (from.kind == Kind::features) {
    const std::size_t start = std::min<std::size_t>(from.position, features.size());
    const std::size_t count = std::min(size, features.size() - start);
    std::copy_n(features.begin() + static_cast<std::ptrdiff_t>(start), count, data);
    from.position += static_cast<std::uint32_t>(count);
    return static_cast<std::int64_t>(count);
  }
  if (from.kind != Kind::input) {
    errno = EBADF;
    return -1;
  }
  std::size_t count = 0;
  while (count < size) {
    const int byte = services_.input ? services_.input() : -1;
    if (byte < 0) break;
    data[count++] = static_cast<std::uint8_t>(byte);
    if (byte == '\n') break;
  }
  return static_cast<std::int64_t>(count);
}

std::uint32_t Semihosting::read(std::uint32_t block) {
  std::uint32_t arguments[3];  // handle, buffer, size
  if (!words(block, arguments)) return minus_one;
  Handle* const from = handle(arguments[0]);
  if (from == nullptr) return minus_one;
  std::uint32_t left = arguments[2];
  std::vector<std::uint8_t> chunk;
  for (std::uint32_t address = arguments[1]; left > 0;) {
    chunk.resize(std::min<std::size_t>(left, chunk_size));
    const std::int64_t got = read_chunk(*from, chunk.data(), chunk.size());
    if (got < 0) return fail(errno);
    if (got == 0) break;
    if (!services_.memory.write(address, chunk.data(), static_cast<std::uint32_t>(got))) return fail(EFAULT);
    address += static_cast<std::uint32_t>(got);
    left -= static_cast<std::uint32_t>(got);
    // A console hands out a line at a time.
    if (from->kind == Kind::input) break;
  }
  return left;
}

std::uint32_t Semihosting::seek(std::uint32_t block) {
  std::uint32_t arguments[2];  // handle, position
  if (!words(block, arguments)) return minus_one;
  Handle* const file = handle(arguments[0]);
  if (file == nullptr) return minus_one;
  if (file->kind == Kind::features) {
    file->position = arguments[1];
    return 0;
  }
  if (file->kind != Kind::file) return fail(ESPIPE);
  return lseek(file->descriptor, static_cast<off_t>(arguments[1]), SEEK_SET) < 0 ? fail(errno) : 0;
}

std::uint32_t Semihosting::length(std::uint32_t block) {
  std::uint32_t number[1];
  if (!words(block, number)) return minus_one;
  Handle* const file = handle(number[0]);
  if (file == nullptr) return minus_one;
  if (file->kind == Kind::features) return features.size();
  if (file->kind != Kind::file) return fail(EINVAL);
  struct stat status {};
  if (fstat(file->descriptor, &status) != 0) return fail(errno);
  return status.st_size < INT32_MAX ? static_cast<std::uint32_t>(status.st_size) : fail(EFBIG);
}

std::uint32_t Semihosting::is_terminal(std::uint32_t block) {
  std::uint32_t number[1];
  if (!words(block, number)) return minus_one;
  Handle* const file = handle(number[0]);
  if (file == nullptr) return minus_one;
  return file->kind == Kind::file || file->kind == Kind::features ? 0 : 1;
}

std::uint32_t Semihosting::is_error(std::uint32_t block) {
  std::uint32_t status[1];
  if (!words(block, status)) return minus_one;
  return status[0] >> 31;
}

std::uint32_t Semihosting::temporary_name(std::uint32_t block) {
  std::uint32_t arguments[3];  // buffer, number, size of the buffer
  if (!words(block, arguments)) return minus_one;
  const std::string name = fmt::format("weft-tmp-{}", arguments[1] & 0xffu);
  if (arguments[2] <= name.size()) return fail(ENAMETOOLONG);
  const auto size = static_cast<std::uint32_t>(name.size() + 1);
  return services_.memory.write(arguments[0], name.c_str(), size) ? 0 : fail(EFAULT);
}

std::uint32_t Semihosting::remove(std::uint32_t block) {
  std::uint32_t arguments[2];  // name, length
  if (!words(block, arguments)) return minus_one;
  const std::optional<std::string> name = text(arguments[0], arguments[1]);
  if (!name) return minus_one;
  const int status = folder_.remove(*name);
  return status == 0 ? 0 : fail(-status);
}

std::uint32_t Semihosting::rename(std::uint32_t block) {
  std::uint32_t arguments[4];  // old name, length, new name, length
  if (!words(block, arguments)) return minus_one;
  const std::optional<std::string> from = text(arguments[0], arguments[1]);
  const std::optional<std::string> to = from ? text(arguments[2], arguments[3]) : std::nullopt;
  if (!to) return minus_one;
  const int status = folder_.rename(*from, *to);
  return status == 0 ? 0 : fail(-status);
}

std::uint32_t Semihosting::command_line(std::uint32_t block) {
  std::uint32_t arguments[2];  // buffer, its size
  if (!words(block, arguments)) return minus_one;
  const std::string& line = config_.command_line;
  if (arguments[1] <= line.size()) return fail(E2BIG);
  arguments[1] = static_cast<std::uint32_t>(line.size());
  const bool written = services_.memory.write(arguments[0], line.c_str(), arguments[1] + 1) &&
                       services_.memory.write(block, arguments, sizeof arguments);
  return written ? 0 : fail(EFAULT);
}

std::uint32_t Semihosting::heap_information(std::uint32_t block) {
  std::uint32_t place[1];
  if (!words(block, place)) return minus_one;
  const std::array<std::uint32_t, 4> answer{config_.heap_base, config_.memory_end, config_.memory_end,
                                            config_.heap_base};
  return services_.memory.write(place[0], answer.data(), sizeof answer) ? 0 : fail(EFAULT);
}

std::uint32_t Semihosting::elapsed(std::uint32_t block) {
  const std::uint64_t ticks = services_.nanoseconds();
  return services_.memory.write(block, &ticks, sizeof ticks) ? 0 : fail(EFAULT);
}

std::uint32_t Semihosting::exit(std::uint32_t reason, std::uint32_t code) {
  services_.exit(reason == application_exit ? code : 1);
  return 0;
}

std::uint32_t Semihosting::exit_extended(std::uint32_t block) {
  std::uint32_t arguments[2];  // reason, code
  if (!words(block, arguments)) return minus_one;
  return exit(arguments[0], arguments[1]);
}

}  // namespace weft::semihosting
