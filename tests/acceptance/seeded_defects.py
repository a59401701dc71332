"""Each seeded defect with the question that must find it; those of a group do not touch each other's questions."""

from __future__ import annotations

RUNS: list[dict[str, str]] = [
    {
        "vendor-wrong": "objects/test_identity.py::test_device_property_reads_as_the_manual_prints_it[vendor-identifier]",
        "object-list-out-of-order": "objects/test_identity.py::test_object_list_has_the_113_objects_in_order",
        "object-name-wrong": "objects/test_objects.py::test_names_and_descriptions_are_the_manuals[AI]",
        "object-units-wrong": "objects/test_objects.py::test_units_are_the_manuals[AI]",
        "object-av6-unchecked": "configuration/test_configuration.py::test_system_voltage_goes_with_the_pt_ratio",
        "commands-unchecked": (
            "configuration/test_configuration.py::test_command_register_reads_0_and_refuses_codes_it_does_not_know"
        ),
        "validation-silent": (
            "configuration/test_configuration.py::test_value_is_in_force_within_two_seconds_and_reliability_says_when"
        ),
        "log-settings-apart": "logs/test_trend_logs.py::test_setting_written_to_one_log_is_that_of_all",
        "log-interval-apart": "logs/test_trend_logs.py::test_interval_written_to_one_log_is_that_of_all_and_of_av11",
        "log-target-unchecked": "logs/test_trend_logs.py::test_what_cannot_be_logged_is_refused[AI-76-present-value]",
        "demand-frozen": "configuration/test_demand.py::test_block_demand_is_the_mean_of_its_interval_and_renewed_at_its_end",
        "quadrants-swapped": "objects/test_quadrants.py::test_registers_of_the_quadrant_grow_and_no_others[Q1]",
        "reliability-always-good": "terminals/test_alarms.py::test_current_beyond_the_range_is_told_by_phase[A]",
        "rtc-flag-missing": "terminals/test_clock.py::test_a_clock_that_was_never_set_says_so",
        "time-sync-ignored": "terminals/test_clock.py::test_synchronised_clock_reads_the_time_and_clears_its_alert",
        "frequency-not-qnan": "terminals/test_alarms.py::test_frequency_out_of_range_is_qnan_and_told[44.0]",
        "over-voltage-unnoticed": "terminals/test_alarms.py::test_voltage_beyond_the_range_is_told",
        "low-power-factor-unnoticed": "terminals/test_alarms.py::test_low_power_factor_is_told_by_phase[A]",
        "phase-loss-unnoticed": "terminals/test_alarms.py::test_phase_loss_is_told_below_its_threshold",
    },
    {
        "refusal-code-wrong": (
            "configuration/test_configuration.py::test_value_takes_its_limits_and_refuses_what_lies_beyond[8]"
        ),
        "demand-not-rolling": "configuration/test_demand.py::test_rolling_demand_takes_as_many_subintervals_as_are_set",
        "demand-sync-ignored": "configuration/test_demand.py::test_synchronised_demand_ends_with_the_command_only",
        "maximum-demand-reset-ignored": "configuration/test_demand.py::test_maximum_demand_holds_and_resets_to_present_demand",
        "energy-reset-ignored": "configuration/test_resets.py::test_energy_registers_are_cleared_and_the_clearing_is_counted",
        "power-factor-unsigned": "objects/test_quadrants.py::test_powers_carry_the_signs_of_their_quadrant[Q2]",
        "net-counts-both": "objects/test_quadrants.py::test_registers_never_run_backwards_and_net_is_import_less_export",
        "qnan-as-zero": "objects/test_system_types.py::test_what_a_system_type_lacks_reads_qnan_and_nothing_else_does[10]",
        "over-current-unnoticed": "terminals/test_alarms.py::test_current_beyond_the_range_is_told_by_phase[B]",
        "low-power-factor-latched": "terminals/test_alarms.py::test_low_power_factor_is_told_by_phase[B]",
        "rtc-flag-stuck": "terminals/test_clock.py::test_synchronised_clock_reads_the_time_and_clears_its_alert",
        "imbalance-unnoticed": "objects/test_phase_voltages.py::test_imbalance_is_told_by_phase[B]",
        "log-disabled-unrecorded": "logs/test_log_records.py::test_stopping_and_starting_are_recorded",
        "log-values-doubled": "logs/test_log_records.py::test_records_hold_what_the_objects_read_when_they_were_made",
        "log-fault-unmarked": "logs/test_log_records.py::test_record_of_what_cannot_be_measured_is_marked_faulty",
        "choice-total-count-on-purge=kept": "logs/test_log_operation.py::test_length_of_the_subinterval_written_anew_empties_all_logs",
        "choice-missing-reliability=unreliable_other": "objects/test_system_types.py::test_what_a_system_type_lacks_reads_qnan_and_nothing_else_does[31]",
    },
    {
        "command-reads-back": (
            "configuration/test_configuration.py::test_command_that_only_logs_in_manual_mode_is_taken_and_av1_reads_0"
        ),
        "alarm-bitmap-empty": "terminals/test_alarms.py::test_bitmap_is_the_alerts",
        "frequency-alarm-missing": "terminals/test_alarms.py::test_frequency_out_of_range_is_qnan_and_told[66.0]",
        "reactive-sign-inverted": "objects/test_quadrants.py::test_powers_carry_the_signs_of_their_quadrant[Q1]",
        "clock-stopped": "terminals/test_clock.py::test_clock_runs_at_the_rate_of_time",
        "log-purge-ignored": "logs/test_log_operation.py::test_zero_written_to_one_record_count_empties_all_logs",
        "log-total-count-stuck": "logs/test_log_records.py::test_records_are_numbered_on_and_on_in_all_three_logs",
        "log-wildcards-count": "logs/test_log_operation.py::test_stop_time_with_a_wildcard_stops_nothing[minute]",
        "choice-alarm-limit=rating": "terminals/test_alarms.py::test_current_beyond_the_range_is_told_by_phase[A]",
        "choice-maximum-power-at=ai45_too": "configuration/test_choices.py::test_bitmap_and_maximum_power_are_where_the_profile_says",
    },
    {
        "abort-reason-wrong": "bus/test_services.py::test_answer_beyond_480_octets_is_aborted",
        "array-index-ignored": "bus/test_refusals.py::test_element_of_what_is_no_array_is_refused[AI-present-value]",
        "array-index-code-wrong": "bus/test_refusals.py::test_element_beyond_the_object_list_is_refused[114]",
        "character-set-unchecked": "bus/test_refusals.py::test_text_in_another_character_set_is_refused",
        "datatype-unchecked": "bus/test_refusals.py::test_value_of_another_datatype_is_refused_everywhere[Max_Master as a text]",
        "list-code-wrong": "bus/test_refusals.py::test_range_of_what_is_no_list_is_refused",
        "log-by-time-taken": "bus/test_refusals.py::test_range_by_time_is_refused",
        "log-by-position-shifted": "logs/test_log_records.py::test_position_counts_from_the_oldest_record",
        "optional-is-all": "bus/test_services.py::test_special_identifiers_give_property_sets_of_revision_4",
        "priority-refused": "bus/test_refusals.py::test_priority_is_of_no_account",
        "unknown-object-code-wrong": "bus/test_refusals.py::test_reading_an_object_that_is_not_there_is_refused[AI-84]",
        "who-has-by-name-deaf": "bus/test_communication.py::test_who_has_is_answered_for_an_object_by_name",
        "who-has-by-object-deaf": "bus/test_communication.py::test_who_has_is_answered_for_an_object_by_identifier",
        "who-is-range-ignored": "bus/test_communication.py::test_who_is_is_answered_within_its_range_only[outside]",
        "utc-time-taken": "bus/test_communication.py::test_utc_time_synchronization_is_not_executed",
        "communication-control-endless": "bus/test_communication.py::test_disabled_meter_comes_back_after_the_duration",
        "initiation-disabled-is-silent": "bus/test_communication.py::test_meter_told_to_initiate_nothing_still_answers",
        "reject-reason-wrong": "bus/test_services.py::test_service_that_is_not_supported_is_rejected[SubscribeCOV]",
        "malformed-taken": "bus/test_refusals.py::test_malformed_request_is_rejected_and_the_meter_answers_on[ReadProperty without a property]",
        "device-instance-unchecked": "configuration/test_device_writes.py::test_device_instance_takes_its_range_and_is_answered_for",
        "location-unchecked": "configuration/test_device_writes.py::test_location_takes_64_characters",
        "max-master-unchecked": "configuration/test_device_writes.py::test_max_master_takes_its_range",
        "reinitialize-states-unchecked": "bus/test_communication.py::test_backup_and_restore_are_refused[2]",
        "reinitialize-ignored": "bus/test_communication.py::test_restart_ends_a_disabled_communication[coldstart]",
        "log-record-count-unchecked": "logs/test_log_operation.py::test_record_count_takes_nothing_but_zero[1]",
        "log-buffer-size-wrong": "logs/test_trend_logs.py::test_buffer_holds_5760_records",
        "choice-stop-time-reached=clears_enable": "logs/test_log_operation.py::test_stop_time_that_has_come_stops_the_logs",
        "choice-service-password=refused": "bus/test_communication.py::test_password_is_as_the_profile_says[DeviceCommunicationControl]",
        "choice-object-name-access=writable": "configuration/test_device_writes.py::test_object_name_is_as_the_profile_says",
        "choice-database-revision=counted": "configuration/test_device_writes.py::test_database_revision_is_as_the_profile_says",
        "choice-services-supported=with_reinitialize_device": "objects/test_identity.py::test_supported_services_are_what_the_meter_says",
        "choice-object-types-supported=as_printed": "objects/test_identity.py::test_supported_object_types_are_those_that_exist",
        "choice-low-power-factor=signed": "configuration/test_choices.py::test_export_at_a_good_power_factor_is_as_the_profile_says",
        "choice-bi-names=as_printed": "objects/test_objects.py::test_names_and_descriptions_are_the_manuals[BI]",
        "choice-pf-units=power_factor": "objects/test_objects.py::test_units_are_the_manuals[AI]",
    },
    {
        "restart-clears-energy": "bus/test_communication.py::test_restart_keeps_configuration_location_and_registers",
        "log-enable-ignored": "logs/test_log_operation.py::test_disabled_logs_record_nothing",
        "client-maximum-ignored": "bus/test_refusals.py::test_answer_beyond_what_the_client_takes_is_aborted",
        "communication-control-ignored": "bus/test_communication.py::test_disabled_meter_answers_only_what_enables_it_again",
        "log-by-sequence-as-position": "logs/test_log_records.py::test_sequence_number_names_a_record_for_good",
        "malformed-stuns": "bus/test_refusals.py::test_malformed_request_is_rejected_and_the_meter_answers_on[ReadProperty without anything]",
        "name-of-i-have-wrong": "bus/test_communication.py::test_who_has_is_answered_within_its_range_only",
        "priority-unchecked": "bus/test_refusals.py::test_priority_that_is_none_is_refused[17]",
        "read-only-writable": "bus/test_refusals.py::test_read_only_device_properties_refuse_to_be_written",
        "reject-missing": "bus/test_services.py::test_service_that_is_not_supported_is_rejected[DeleteObject]",
        "unknown-property-code-wrong": "bus/test_refusals.py::test_reading_a_property_that_is_not_there_is_refused[AI-priority-array]",
        "location-not-written": "configuration/test_device_writes.py::test_location_takes_64_characters",
        "choice-command-spacing=refused": "configuration/test_choices.py::test_command_repeated_at_once_is_as_the_profile_says",
        "choice-zero-power-pf=qnan": "configuration/test_choices.py::test_power_factor_without_load_is_as_the_profile_says",
        "choice-low-voltage=error": "configuration/test_choices.py::test_low_voltage_is_as_the_profile_says",
        "choice-alarm-bitmap-at=ai52_too": "configuration/test_choices.py::test_bitmap_and_maximum_power_are_where_the_profile_says",
        "choice-rolling-start=full_interval": "configuration/test_choices.py::test_rolling_demand_begins_as_the_profile_says",
        "choice-maximum-reactive-direction=sign_of_p": "configuration/test_choices.py::test_maximum_reactive_demand_is_as_the_profile_says",
        "choice-power-range=magnitude": "configuration/test_choices.py::test_powers_are_signed_as_the_profile_says",
        "choice-register-reliability=follows_power": "terminals/test_alarms.py::test_current_beyond_the_range_is_told_by_phase[B]",
        "choice-frequency-error-reach=all_measured": "terminals/test_alarms.py::test_frequency_out_of_range_is_qnan_and_told[44.0]",
        "choice-unused-phase-energies=zero": "objects/test_system_types.py::test_what_a_system_type_lacks_reads_qnan_and_nothing_else_does[10]",
        "choice-type-31-phase-values=qnan": "objects/test_system_types.py::test_what_a_system_type_lacks_reads_qnan_and_nothing_else_does[31]",
        "choice-pair-alarm=both_phases": "objects/test_phase_voltages.py::test_voltage_between_lines_is_told_for_a_phase_as_the_profile_says",
        "choice-imbalance-reference=mean": "objects/test_phase_voltages.py::test_imbalance_is_of_the_highest_or_the_mean_as_the_profile_says",
        "choice-phase-loss=fraction_of_system_voltage": "terminals/test_alarms.py::test_phase_loss_is_told_below_its_threshold",
        "choice-pf-sign=lead_positive": "objects/test_quadrants.py::test_powers_carry_the_signs_of_their_quadrant[Q1]",
        "energy-coarse": "objects/test_quadrants.py::test_every_update_is_in_the_registers",
    },
    # Beside "energy-coarse" no burst could be seen in the register.
    {"bursts-lost": "objects/test_quadrants.py::test_bursts_shorter_than_a_second_are_counted_whole"},
    {
        "log-all-the-first": "logs/test_log_records.py::test_records_hold_what_the_objects_read_when_they_were_made",
        "log-purged-unrecorded": "logs/test_log_operation.py::test_zero_written_to_one_record_count_empties_all_logs",
        "log-start-time-ignored": "logs/test_log_operation.py::test_start_time_that_has_not_come_holds_the_logs",
        "log-stop-time-ignored": "logs/test_log_operation.py::test_stop_time_that_has_come_stops_the_logs",
        "log-stamps-late": "logs/test_log_records.py::test_records_are_stamped_by_the_clock_at_their_interval",
        "log-flags-missing": "logs/test_log_records.py::test_more_than_fits_is_given_from_the_reference_on_and_says_so",
        "log-same-interval-keeps": "logs/test_log_operation.py::test_length_of_the_subinterval_written_anew_empties_all_logs",
        "choice-purge-record=absent": "logs/test_log_records.py::test_stopping_and_starting_are_recorded",
        "choice-time-change-record=absent": "logs/test_log_operation.py::test_time_synchronization_is_recorded_as_the_profile_says",
        "choice-log-target-change=keeps_records": "logs/test_log_operation.py::test_another_object_in_a_log_is_as_the_profile_says",
        "restart-forgets": "bus/test_communication.py::test_restart_keeps_configuration_location_and_registers",
        "clock-set-ahead": "terminals/test_clock.py::test_synchronised_clock_reads_the_time_and_clears_its_alert",
    },
    {
        "validation-slow": (
            "configuration/test_configuration.py::test_value_is_in_force_within_two_seconds_and_reliability_says_when"
        ),
    },
]

LONG: dict[str, str] = {
    "log-never-full": "logs/test_log_operation.py::test_full_logs_stop_or_wrap_as_they_are_set",
    "log-stop-when-full-ignored": "logs/test_log_operation.py::test_full_logs_stop_or_wrap_as_they_are_set",
}
"""Defects that show after hours of bench time only."""

ALONE: dict[str, str] = {
    "import-register-dead": "objects/test_quadrants.py::test_every_update_is_in_the_registers",
    "import-register-falls-at-midnight": "objects/test_quadrants.py::test_registers_keep_what_they_counted_over_midnight",
    "import-register-stalls-at-float32": "objects/test_quadrants.py::test_every_update_is_in_the_registers",
    "choice-reinitialized=whole_meter": "bus/test_communication.py::test_restart_keeps_configuration_location_and_registers",
}
"""Defects that have the question of another one."""

SHOWN_ELSEWHERE = {
    "accumulation": "differs from the default after some thousands of kWh only",
    "alarm_contact": "is a question of the alarm contact",
    "anti_alias": "needs harmonics beyond 1260 Hz",
    "pulse_count_memory": "is a question of control power",
    "reactive_power": "differs from the default under harmonics only",
    "records_after_power_loss": "is a question of control power",
    "reserved_inputs": "any value is allowed there",
    "rms_window": "is a matter of accuracy at fractional frequencies, within the voltage limits",
    "start_time_after_power_loss": "is a question of control power",
    "total_apparent": "needs phases of different angles",
    "total_import_export": "needs phases that flow opposite ways",
}
"""Choices of the behaviour profile that no question here can tell apart, and why."""
