// SPDX-License-Identifier: Apache-2.0
// Adds up a few numbers in memory and ends with their sum, by the finisher.
void _start(void);
int main(void);
int add(int value);

volatile int total;

__attribute__((naked)) void _start(void) { __asm__("li sp, 0x80010000\n call main\n 1: j 1b"); }

__attribute__((noinline)) int add(int value) {
  total = total + value;
  return total;
}

int main(void) {
  for (int number = 1; number <= 4; ++number) add(number);
  *(volatile unsigned*)0x100000 = (unsigned)total << 16 | 0x3333u;
  return 0;
}
