// SPDX-License-Identifier: Apache-2.0
// For functions whose loops the compiler vectorises well by itself: compiled once for every instruction set,
// the best one of the processor is bound when the program is loaded. Where such a function computes with
// floating-point numbers, its file is compiled with -ffp-contract=off, so that all versions give the same
// bits.
#pragma once

// ThreadSanitizer instruments what chooses the version, which runs before the sanitizer is there.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_THREAD__)
#define WEFT_VECTOR_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define WEFT_VECTOR_CLONES
#endif
