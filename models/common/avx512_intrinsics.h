// SPDX-License-Identifier: Apache-2.0
// Intrinsics for files that use AVX-512. GCC 12 takes the deliberately undefined source operand of its own
// AVX-512 intrinsics for a mistake.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif
