// SPDX-License-Identifier: Apache-2.0
// A hosted C program on semihosting: arguments, console, a file written and read back, exit code.
#include <stdio.h>

int main(int argc, char** argv) {
  printf("hello, %d arguments\n", argc - 1);
  for (int i = 1; i < argc; ++i) printf("argument %s\n", argv[i]);
  FILE* file = fopen("numbers.txt", "w");
  if (file == NULL) return 1;
  for (int i = 0; i < 1000; ++i) fprintf(file, "%d\n", i * i);
  if (fclose(file) != 0) return 2;
  file = fopen("numbers.txt", "r");
  if (file == NULL) return 3;
  long sum = 0;
  long value = 0;
  while (fscanf(file, "%ld", &value) == 1) sum += value;
  fclose(file);
  printf("sum %ld\n", sum);
  if (fopen("missing.txt", "r") != NULL) return 4;
  return 42;
}
