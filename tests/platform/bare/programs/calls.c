// SPDX-License-Identifier: Apache-2.0
// Calls with and without frames, recursion, large frames, a call through a pointer; the innermost one traps.
void _start(void);
int main(void);
int leaf(int value);
int recurse(int depth, int value);
int large(int value);
int innermost(volatile int* place);

__attribute__((naked)) void _start(void) { __asm__("li sp, 0x80010000\n call main\n 1: j 1b"); }

__attribute__((noinline)) int leaf(int value) { return value * 3 + 1; }

__attribute__((noinline)) int recurse(int depth, int value) {
  if (depth == 0) return leaf(value);
  return recurse(depth - 1, value + 1) + leaf(depth);
}

__attribute__((noinline)) int large(int value) {
  volatile int array[1000];
  for (int i = 0; i < 1000; i += 250) array[i] = leaf(value + i);
  return array[0] + array[750] + recurse(2, value);
}

__attribute__((noinline)) int innermost(volatile int* place) {
  const int before = leaf(4);
  return before + *place;
}

int main(void) {
  int (*volatile function)(int) = large;
  const int sum = function(5);
  return innermost((volatile int*)0x30000000) + leaf(sum);
}
