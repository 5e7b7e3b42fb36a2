// SPDX-License-Identifier: Apache-2.0
// A pointer and a length: the operands and results of an array operation, owned by the caller.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace weft::crossbar {

template <typename T>
class Span {
 public:
  constexpr Span() = default;
  constexpr Span(T* data, std::size_t size) : data_(data), size_(size) {}
  // Any contiguous container; a temporary only to read from, and it must outlive the span (as an
  // argument does the call).
  template <typename Container,
            typename = std::enable_if_t<
                !std::is_same_v<std::decay_t<Container>, Span> &&
                (std::is_lvalue_reference_v<Container> ||
                 std::is_const_v<T>)&&std::is_convertible_v<decltype(std::declval<Container&>().data()), T*>>>
  constexpr Span(Container&& container) : data_(container.data()), size_(container.size()) {}

  constexpr T* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](std::size_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace weft::crossbar
