// SPDX-License-Identifier: Apache-2.0
// What CoreMark measures, in a program of our own: a list that is searched, reversed and sorted, a matrix, a
// state machine over text, and a CRC over the results.
#include <stddef.h>

#include "benchmark.h"

enum { list_length = 64, size = 10, text_length = 256 };

typedef struct node {
  struct node* next;
  int16_t key;
  int16_t value;
} node;

static node nodes[list_length];
static int16_t a[size][size];
static int16_t b[size][size];
static int32_t c[size][size];
static char text[text_length + 1];

static uint16_t crc16(uint16_t crc, uint32_t data) {
  for (int bit = 0; bit < 32; ++bit) {
    const uint32_t carry = (crc ^ data) & 1;
    crc = (uint16_t)(crc >> 1);
    data >>= 1;
    if (carry) crc ^= 0xa001;
  }
  return crc;
}

static node* reversed(node* list) {
  node* result = NULL;
  while (list != NULL) {
    node* next = list->next;
    list->next = result;
    result = list;
    list = next;
  }
  return result;
}

static node* merged(node* left, node* right) {
  node head = {NULL, 0, 0};
  node* tail = &head;
  while (left != NULL && right != NULL) {
    node** smaller = left->key <= right->key ? &left : &right;
    tail->next = *smaller;
    tail = *smaller;
    *smaller = tail->next;
  }
  tail->next = left != NULL ? left : right;
  return head.next;
}

static node* sorted(node* list) {
  if (list == NULL || list->next == NULL) return list;
  node* slow = list;
  for (node* fast = list->next; fast != NULL && fast->next != NULL; fast = fast->next->next)
    slow = slow->next;
  node* second = slow->next;
  slow->next = NULL;
  return merged(sorted(list), sorted(second));
}

static uint16_t list_work(uint32_t* state, uint16_t crc) {
  for (int i = 0; i < list_length; ++i) {
    nodes[i].next = i + 1 < list_length ? &nodes[i + 1] : NULL;
    nodes[i].key = (int16_t)next_random(state);
    nodes[i].value = (int16_t)i;
  }
  node* list = sorted(reversed(nodes));
  for (node* each = list; each != NULL; each = each->next) {
    if ((each->key & 7) == 0) crc = crc16(crc, (uint32_t)each->value);
  }
  return crc;
}

static uint16_t matrix_work(uint32_t seed, uint16_t crc) {
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      a[row][column] = (int16_t)(seed + (uint32_t)(row * column));
      b[row][column] = (int16_t)(seed - (uint32_t)(row + column));
    }
  }
  for (int row = 0; row < size; ++row) {
    int32_t sum = 0;
    for (int column = 0; column < size; ++column) {
      int32_t dot = 0;
      for (int k = 0; k < size; ++k) dot += a[row][k] * b[k][column];
      c[row][column] = dot;
      sum += (dot >> 2) & 0x7f;
    }
    crc = crc16(crc, (uint32_t)sum);
  }
  return crc;
}

typedef enum {
  state_start,
  state_integer,
  state_fraction,
  state_exponent,
  state_invalid,
  state_count
} scan_state;

static scan_state scan_step(scan_state state, char character) {
  const int digit = character >= '0' && character <= '9';
  switch (state) {
    case state_start:
      if (digit || character == '-' || character == '+') return state_integer;
      return character == '.' ? state_fraction : state_invalid;
    case state_integer:
      if (digit) return state_integer;
      if (character == '.') return state_fraction;
      return character == 'e' ? state_exponent : state_invalid;
    case state_fraction:
      if (digit) return state_fraction;
      return character == 'e' ? state_exponent : state_invalid;
    case state_exponent:
      return digit || character == '-' ? state_exponent : state_invalid;
    default:
      return state_invalid;
  }
}

static uint16_t text_work(uint32_t* random, uint16_t crc) {
  static const char alphabet[] = "0123456789.e-+,,";
  for (int i = 0; i < text_length; ++i) text[i] = alphabet[next_random(random) & 15];
  uint32_t visits[state_count] = {0};
  scan_state state = state_start;
  for (const char* each = text; *each != '\0'; ++each) {
    state = *each == ',' ? state_start : scan_step(state, *each);
    ++visits[state];
  }
  for (int i = 0; i < state_count; ++i) crc = crc16(crc, visits[i]);
  return crc;
}

int main(void) {
  const uint64_t start = retired_instructions();
  uint32_t random = 123456789u;
  uint16_t crc = 0xffff;
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    crc = list_work(&random, crc);
    crc = matrix_work(round, crc);
    crc = text_work(&random, crc);
  }
  return report("kernels", retired_instructions() - start, crc, EXPECTED);
}
