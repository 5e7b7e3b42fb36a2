// SPDX-License-Identifier: Apache-2.0
// The IDX files in which MNIST and its relatives (Fashion-MNIST, KMNIST, EMNIST) are published: a
// big-endian header (magic 0x0803 for images, 0x0801 for labels, then the sizes) followed by unsigned
// bytes. Described on the MNIST page of Y. LeCun, C. Cortes and C. Burges.
#pragma once

#include <filesystem>

#include "tools/dataset/dataset.h"

namespace weft::dataset {

// One pair of files, plain or gzip. Features are the grey codes in reading order, each divided by 255.
// Throws Error (file, byte offset in the unpacked data, found, expected) when a file is missing, cut
// off, corrupt or longer than its header says, when the counts of the two differ, and when a label is
// not in 0 … classes - 1.
Dataset load_idx(const std::filesystem::path& images, const std::filesystem::path& labels, int classes = 10);

// The files of a directory under their published names ("train-images-idx3-ubyte", … or
// "t10k-images-idx3-ubyte", …, each also with ".gz"). With both pairs there, training samples come from
// the front of the train pair and test samples from the front of the t10k pair; a single pair is split,
// training samples first. Throws Error.
Split load_idx_directory(const std::filesystem::path& directory, int train_count, int test_count,
                         int classes = 10);

}  // namespace weft::dataset
