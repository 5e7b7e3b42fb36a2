// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/real_kernels.h"

#if defined(__x86_64__)

#define WEFT_VECTOR_TARGET __attribute__((target("avx512f,avx512dq,avx512vl,prefer-vector-width=512")))

#include "models/crossbar/real_vector.h"

namespace weft::crossbar {

namespace {

WEFT_VECTOR_TARGET void column_sums(const RealProduct& job, float* sums) {
  reals::column_sums<64, 5, 4>(job, sums);
}

WEFT_VECTOR_TARGET void row_sums(const RealProduct& job, float* sums) { reals::row_sums<5>(job, sums); }

WEFT_VECTOR_TARGET float largest_square(const float* value, float offset, int count) {
  return reals::largest_square(value, offset, count);
}

WEFT_VECTOR_TARGET void square_levels(const SquareLevels& job, std::int8_t* level) {
  reals::square_levels(job, level);
}

WEFT_VECTOR_TARGET void add_noise(const RealNoise& job, float* current) { reals::add_noise(job, current); }

WEFT_VECTOR_TARGET void convert(const RealConversion& job, std::int64_t* y, AdcCounts& counts) {
  reals::convert(job, y, counts);
}

}  // namespace

const RealKernels& avx512_real_kernels() {
  static constexpr RealKernels kernels{column_sums,   row_sums,  largest_square,
                                       square_levels, add_noise, convert};
  return kernels;
}

}  // namespace weft::crossbar

#else

namespace weft::crossbar {
const RealKernels& avx512_real_kernels() { return portable_real_kernels(); }
}  // namespace weft::crossbar

#endif
