// SPDX-License-Identifier: Apache-2.0
// What the Dhrystone family measures, in a program of our own: calls with a few parameters, assignment of
// records, comparison of strings, branches that go either way.
#include <string.h>

#include "benchmark.h"

enum { name_length = 32, shelf_size = 16 };

typedef enum { part_bolt, part_nut, part_washer, part_kinds } part_kind;

typedef struct part {
  struct part* next;
  part_kind kind;
  int32_t stock;
  int32_t price;
  char name[name_length];
} part;

static part shelf[shelf_size];
static char text[name_length];
static int32_t ledger[part_kinds][shelf_size];

static const char* const names[part_kinds] = {"bolt, hexagonal, zinc plated", "nut, hexagonal, zinc plated",
                                              "washer, plain, zinc plated"};

// Calls must stay calls.
__attribute__((noinline)) static int32_t price_of(part_kind kind, int32_t quantity) {
  switch (kind) {
    case part_bolt:
      return 7 * quantity;
    case part_nut:
      return 5 * quantity - (quantity > 10 ? 4 : 0);
    default:
      return quantity;
  }
}

__attribute__((noinline)) static int same_text(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

__attribute__((noinline)) static void copy_text(char* to, const char* from) {
  while ((*to++ = *from++) != '\0') {
  }
}

__attribute__((noinline)) static void sell(part* item, int32_t quantity, int32_t* money) {
  if (item->stock < quantity) {
    item->stock += 100;
    *money -= price_of(item->kind, 100) / 2;
  }
  item->stock -= quantity;
  *money += price_of(item->kind, quantity);
}

__attribute__((noinline)) static part* find(part* first, const char* name, int32_t at_least) {
  for (part* each = first; each != NULL; each = each->next) {
    if (each->stock >= at_least && same_text(each->name, name)) return each;
  }
  return first;
}

static void fill_shelf(void) {
  for (int i = 0; i < shelf_size; ++i) {
    shelf[i].next = i + 1 < shelf_size ? &shelf[i + 1] : NULL;
    shelf[i].kind = (part_kind)(i % part_kinds);
    shelf[i].stock = 10 * i;
    shelf[i].price = i;
    copy_text(shelf[i].name, names[i % part_kinds]);
  }
}

int main(void) {
  fill_shelf();
  const uint64_t start = retired_instructions();
  uint32_t state = 1u;
  int32_t money = 0;
  uint32_t checksum = 0;
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    const part_kind kind = (part_kind)(next_random(&state) % part_kinds);
    copy_text(text, names[kind]);
    part* item = find(shelf, text, (int32_t)(round & 63));
    const part before = *item;
    sell(item, (int32_t)(round % 13), &money);
    ledger[kind][round % shelf_size] += before.stock - item->stock;
    if (item->stock > 500) *item = shelf[0];
    checksum = checksum * 33 + (uint32_t)money + (uint32_t)ledger[kind][round % shelf_size];
  }
  return report("records", retired_instructions() - start, checksum, EXPECTED);
}
