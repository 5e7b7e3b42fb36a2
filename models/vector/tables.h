// SPDX-License-Identifier: Apache-2.0
// The look-up tables of the vector unit: exp, log, logistic sigmoid, tanh, GELU and its derivative by linear
// interpolation.
//
// The definitions below are normative: an independent implementation that follows them gives the same
// bits. Table entries are llround() of the function in double precision; >> is an arithmetic shift.
//
//   interpolate(T, i, f, n) = T[i] + (((T[i+1] − T[i]) · f + 2^(n−1)) >> n)
//
//   exp      x Q16, positive x is taken as 0, t = −x; t ≥ 16·2^16 gives 0;
//            T[i] = exp(−i/64)·2^24, i = 0…1024; interpolate(T, t >> 10, t & 1023, 10), Q24
//   sigmoid  x Q16, clamped to ±8·2^16, u = x + 8·2^16;
//            T[i] = 2^16 / (1 + exp(8 − i/64)), i = 0…1024; interpolate(T, u >> 10, u & 1023, 10), Q16
//   tanh     x Q16, clamped to ±4·2^16, u = x + 4·2^16;
//            T[i] = 2^16·tanh(i/128 − 4), i = 0…1024; interpolate(T, u >> 9, u & 511, 9), Q16
//   gelu     x Q16; x ≥ 8·2^16 gives x, x < −8·2^16 gives 0, else u = x + 8·2^16;
//            T[i] = 2^16·g(i/64 − 8), g(v) = v/2·erfc(−v/√2), i = 0…1024;
//            interpolate(T, u >> 10, u & 1023, 10), Q16
//   gelu'    the same with 2^16 for x ≥ 8·2^16 and g'(v) = erfc(−v/√2)/2 + v·exp(−v²/2)/√(2π)
//   log      v Q24; v ≤ 0 gives −2^31; k = 31 − clz(v), m = v << (31 − k) (32 bits);
//            T[i] = 2^16·log(1 + i/256), i = 0…256;
//            interpolate(T, (m >> 23) & 255, m & (2^23 − 1), 23) + (k − 24)·45426, Q16
//
// At the upper clamp of sigmoid and tanh i is 1024 and the result T[1024].
#pragma once

#include <array>
#include <cstdint>

namespace weft::vector {

class Tables {
 public:
  Tables();

  std::int64_t exp(std::int32_t x) const;
  std::int64_t log(std::int32_t v) const;
  std::int64_t sigmoid(std::int32_t x) const;
  std::int64_t tanh(std::int32_t x) const;
  std::int64_t gelu(std::int32_t x) const;
  std::int64_t gelu_gradient(std::int32_t x) const;

 private:
  static constexpr unsigned steps = 1024;
  static constexpr unsigned log_steps = 256;

  std::array<std::int32_t, steps + 1> exp_;
  std::array<std::int32_t, steps + 1> sigmoid_;
  std::array<std::int32_t, steps + 1> tanh_;
  std::array<std::int32_t, steps + 1> gelu_;
  std::array<std::int32_t, steps + 1> gelu_gradient_;
  std::array<std::int32_t, log_steps + 1> log_;
};

}  // namespace weft::vector
