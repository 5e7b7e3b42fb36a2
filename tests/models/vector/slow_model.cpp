// SPDX-License-Identifier: Apache-2.0
#include "tests/models/vector/slow_model.h"

#include <cmath>
#include <stdexcept>

namespace weft::test {

namespace {

Wide floor_divide(Wide value, Wide divisor) {
  Wide quotient = value / divisor;
  if (value % divisor < 0) --quotient;
  return quotient;
}

std::int64_t interpolate(double left, double right, std::int64_t fraction, std::int64_t width) {
  const std::int64_t a = std::llround(left);
  const std::int64_t b = std::llround(right);
  return a + static_cast<std::int64_t>(floor_divide((b - a) * fraction + width / 2, width));
}

std::vector<Wide> raw_results(const std::string& name, const unit::Command& command,
                              const std::vector<std::int64_t>& x, const std::vector<std::int64_t>& y,
                              const std::vector<std::int64_t>& z) {
  const auto scalar = static_cast<std::int32_t>(command.src1);
  std::vector<Wide> results;
  const auto each = [&](auto function) {
    for (std::size_t i = 0; i < command.length; ++i) results.push_back(function(i));
    return results;
  };
  const auto wide = [](std::int64_t value) { return Wide{value}; };
  if (name == "vadd") return each([&](std::size_t i) { return wide(x[i]) + y[i]; });
  if (name == "vsub") return each([&](std::size_t i) { return wide(x[i]) - y[i]; });
  if (name == "vmul") return each([&](std::size_t i) { return wide(x[i]) * y[i]; });
  if (name == "vmax") return each([&](std::size_t i) { return wide(x[i] > y[i] ? x[i] : y[i]); });
  if (name == "vmin") return each([&](std::size_t i) { return wide(x[i] < y[i] ? x[i] : y[i]); });
  if (name == "vrmask") return each([&](std::size_t i) { return wide(y[i] > 0 ? x[i] : 0); });
  if (name == "vadds") return each([&](std::size_t i) { return wide(x[i]) + scalar; });
  if (name == "vrsubs") return each([&](std::size_t i) { return wide(scalar) - x[i]; });
  if (name == "vmuls") return each([&](std::size_t i) { return wide(x[i]) * scalar; });
  if (name == "vfill") return each([&](std::size_t) { return wide(scalar); });
  if (name == "vcopy") return each([&](std::size_t i) { return wide(x[i]); });
  if (name == "vrelu") return each([&](std::size_t i) { return wide(x[i] > 0 ? x[i] : 0); });
  if (name == "vexp") return each([&](std::size_t i) { return wide(slow_exp(x[i])); });
  if (name == "vlog") return each([&](std::size_t i) { return wide(slow_log(x[i])); });
  if (name == "vsigm") return each([&](std::size_t i) { return wide(slow_sigmoid(x[i])); });
  if (name == "vtanh") return each([&](std::size_t i) { return wide(slow_tanh(x[i])); });
  if (name == "vgelu") return each([&](std::size_t i) { return wide(slow_gelu(x[i])); });
  if (name == "vgelug") return each([&](std::size_t i) { return wide(slow_gelu_gradient(x[i])); });
  if (name == "vmac") return each([&](std::size_t i) { return wide(x[i]) * y[i] + z[i]; });
  if (name == "vgather") return {x.begin(), x.end()};
  if (name == "vtrans") {
    for (std::size_t column = 0; column < command.length; ++column) {
      for (std::size_t row = 0; row < command.count; ++row) {
        results.push_back(x[row * command.length + column]);
      }
    }
    return results;
  }
  if (name == "vsumr") {
    return each([&](std::size_t i) {
      Wide sum = 0;
      for (std::size_t row = 0; row < command.count; ++row) sum += x[row * command.length + i];
      return sum;
    });
  }
  Wide sum = 0;
  Wide greatest = x[0];
  Wide first = 0;
  Wide magnitude = 0;
  for (std::size_t i = 0; i < command.length; ++i) {
    sum += x[i];
    if (x[i] > greatest) {
      greatest = x[i];
      first = static_cast<Wide>(i);
    }
    const Wide absolute = x[i] < 0 ? -wide(x[i]) : wide(x[i]);
    if (absolute > magnitude) magnitude = absolute;
  }
  if (name == "vsum") return {sum};
  if (name == "vmaxe") return {greatest};
  if (name == "vargmax") return {first};
  if (name == "vmaxabs") return {magnitude};
  throw std::logic_error("no slow model of " + name);
}

}  // namespace

Wide slow_shift(Wide value, unsigned shift, unit::Rounding rounding) {
  const Wide divisor = Wide{1} << shift;
  const Wide floor = floor_divide(value, divisor);
  const Wide twice = 2 * (value - floor * divisor);  // twice the remainder
  switch (rounding) {
    case unit::Rounding::floor:
      return floor;
    case unit::Rounding::nearest_even:
      if (twice != divisor) return twice > divisor ? floor + 1 : floor;
      return floor % 2 == 0 ? floor : floor + 1;
    case unit::Rounding::nearest_away:
      break;
  }
  if (twice != divisor) return twice > divisor ? floor + 1 : floor;
  return value > 0 ? floor + 1 : floor;
}

SlowElement slow_requantise(Wide value, const unit::Command& command) {
  Wide rounded = slow_shift(value, command.shift, command.rounding);
  bool saturated = false;
  const auto saturate = [&](Wide low, Wide high) {
    if (rounded >= low && rounded <= high) return;
    rounded = rounded < low ? low : high;
    saturated = true;
  };
  if (command.magnitude_bits > 0) {
    const Wide limit = (Wide{1} << command.magnitude_bits) - 1;
    saturate(-limit, limit);
  }
  const unsigned bits = 8 * unit::bytes_of(command.format_dst);
  saturate(-(Wide{1} << (bits - 1)), (Wide{1} << (bits - 1)) - 1);
  return {static_cast<std::int64_t>(rounded), saturated};
}

SlowResult slow_run(const std::string& name, const unit::Command& command,
                    const std::vector<std::int64_t>& src0, const std::vector<std::int64_t>& src1,
                    const std::vector<std::int64_t>& dst) {
  SlowResult result;
  for (const Wide raw : raw_results(name, command, src0, src1, dst)) {
    const SlowElement element = slow_requantise(raw, command);
    result.elements.push_back(element.value);
    if (element.saturated) ++result.saturated;
  }
  return result;
}

std::int64_t slow_exp(std::int64_t x) {
  const std::int64_t t = x > 0 ? 0 : -x;
  if (t >= 16 * 65536) return 0;
  const std::int64_t index = t / 1024;
  const auto i = static_cast<double>(index);
  return interpolate(std::exp(-i / 64) * 0x1p24, std::exp(-(i + 1) / 64) * 0x1p24, t % 1024, 1024);
}

std::int64_t slow_log(std::int64_t v) {
  if (v <= 0) return -(std::int64_t{1} << 31);
  // v = mantissa · 2^(exponent − 31) with the mantissa's bit 31 set.
  std::int64_t mantissa = v;
  int exponent = 31;
  while (mantissa < (std::int64_t{1} << 31)) {
    mantissa *= 2;
    --exponent;
  }
  const std::int64_t above_one = mantissa - (std::int64_t{1} << 31);
  const std::int64_t index = above_one / (1 << 23);
  const auto i = static_cast<double>(index);
  return interpolate(std::log(1 + i / 256) * 65536, std::log(1 + (i + 1) / 256) * 65536,
                     above_one % (1 << 23), 1 << 23) +
         (exponent - 24) * 45426;
}

std::int64_t slow_sigmoid(std::int64_t x) {
  const auto entry = [](double i) { return 65536 / (1 + std::exp(-(i / 64 - 8))); };
  if (x >= 8 * 65536) return std::llround(entry(1024));
  if (x <= -8 * 65536) return std::llround(entry(0));
  const std::int64_t u = x + 8 * 65536;
  const std::int64_t index = u / 1024;
  const auto i = static_cast<double>(index);
  return interpolate(entry(i), entry(i + 1), u % 1024, 1024);
}

std::int64_t slow_tanh(std::int64_t x) {
  const auto entry = [](double i) { return 65536 * std::tanh(i / 128 - 4); };
  if (x >= 4 * 65536) return std::llround(entry(1024));
  if (x <= -4 * 65536) return std::llround(entry(0));
  const std::int64_t u = x + 4 * 65536;
  const std::int64_t index = u / 512;
  const auto i = static_cast<double>(index);
  return interpolate(entry(i), entry(i + 1), u % 512, 512);
}

// Linear interpolation of `entry` between its samples 1/64 apart over [-8, 8), argument in Q16.
template <typename Entry>
std::int64_t between_samples(std::int64_t x, Entry entry) {
  const std::int64_t u = x + 8 * 65536;
  const auto i = static_cast<double>(u / 1024);
  return interpolate(65536 * entry(i / 64 - 8), 65536 * entry((i + 1) / 64 - 8), u % 1024, 1024);
}

std::int64_t slow_gelu(std::int64_t x) {
  if (x >= 8 * 65536) return x;
  if (x < -8 * 65536) return 0;
  return between_samples(x, [](double v) { return v * std::erfc(-v / std::sqrt(2.0)) / 2; });
}

std::int64_t slow_gelu_gradient(std::int64_t x) {
  if (x >= 8 * 65536) return 65536;
  if (x < -8 * 65536) return 0;
  return between_samples(x, [](double v) {
    return std::erfc(-v / std::sqrt(2.0)) / 2 + v * std::exp(-v * v / 2) / std::sqrt(2 * std::acos(-1.0));
  });
}

}  // namespace weft::test
