// SPDX-License-Identifier: Apache-2.0
// The keys of a scenario and the checks between them.
#pragma once

#include "platform/config/codec.h"
#include "platform/config/table.h"

namespace weft::config {

const Table<Scenario>& scenario_table();
const Table<TechnologyConfig>& technology_table();
const Table<device::DeviceConfig>& device_table();
const Table<InversionConfig>& inversion_table();
const Table<InversionTechnology>& inversion_technology_table();
const Table<MemoryConfig>& memory_table();
const Table<MemoryTechnology>& memory_technology_table();
const Table<write_filter::FilterConfig>& write_filter_table();
const Table<write_filter::FilterConfig>& buffer_filter_table();
const Table<FilterChange>& filter_change_table();
const Table<endurance::EnduranceConfig>& endurance_table();
const Table<endurance::EnduranceConfig>& buffer_endurance_table();
const Table<endurance::WriteLines>& write_lines_table();
const Table<ReramBufferConfig>& reram_buffer_table();
const Table<BufferFiltersConfig>& buffer_filters_table();
const Table<ReramBufferTechnology>& reram_buffer_technology_table();

// Fills in what depends on other keys (scenario name, results directory, cell bits a slice, dataset
// directory) and reports values that do not fit together. To be called on a scenario read without errors.
void complete(Scenario& scenario, const Source& file,
              const std::optional<std::filesystem::path>& data_directory);
// Of check_consistency: what the keys of platform.memory cannot say one by one.
void check_memory(const Scenario& scenario, Reader& reader);
void check_reram_buffer(const Scenario& scenario, Reader& reader);
void check_consistency(const Scenario& scenario, Reader& reader);

}  // namespace weft::config
