"""Names that are used although vulture finds no use; each group says by what. Never run."""

_ = object()

# bacpypes3 and pyserial read these attributes
_.maxApduLengthAccepted
_.deviceInstanceRangeLowLimit
_.deviceInstanceRangeHighLimit
_.apduTimeout
_.rts
_.rs485_mode
_.write_timeout

# logging reads it
_.converter

# pyvisa reads these attributes, and calls these methods of a backend (tests/drivers/scpi/scripted_visa.py)
_.read_termination
_.write_termination
_.baud_rate
_.flow_control
_._init
_.open_default_resource_manager
_.parse_resource_extended
_.get_attribute
_.set_attribute
_.disable_event
_.discard_events
access_mode, open_timeout, event_type, mechanism, fd

# click and pytest: methods that are overridden, attributes that are read
_.list_commands
_.get_command
_.format_commands
_.shouldfail
_.shouldstop

# sqlite3 reads it
_.isolation_level

# settings of emulated instruments that their command tables name
_._frequency_slope
_.event_enable
_._trigger_source

# fields that are read by name: from a settings file, a table of counters, a record's columns
schema_version
tokens_generated, frames_too_long, transmissions_withdrawn, polls_answered
transition_s, burst_phase_deg, impedance_ohm
bit_error_rate, drop_octet_rate, duplicate_octet_rate, drop_frame_rate, truncate_frame_rate, duplicate_frame_rate
delay_frame_rate, interrupt_frame_rate, noise_rate
bench_file_sha256, decision_rule, retest_of, taken_utc
limit_edition, limit_table, limit_provenance, limit_checked_by, limit_checked_on, limit_verified
bench_file_sha256, decision_rule, retest_of, taken_utc

# members of enumerations that are reached by their value
DC, NEW_SUBINTERVAL, INITIATION_DISABLED, NULL, OCTET_STRING, ASYNC_SERVICE_REQUEST, PERCENT_OF_FUNDAMENTAL

# words that rig/reports/report.html uses
largest_contribution, ONLY_THE_ITEM, procedure_name, rule_wording, limit_status, edition_of, climate_range, time_text

# what an instrument or a meter states of itself; for those who write questions
resolution_k, relay_s, vendor_name, display_units

# fixtures that a test asks for because of what they do
locks_of_the_host, few_slots

# columns of the certificates issued: written and listed by their names
_.issued_utc
_.results_sha256
_.raw_data_sha256

# fields of the laboratory file and the customer file: printed by their names
_.street
_.postcode
_.city
_.country
_.email
_.phone
_.accreditation
_.sampling
_.traceability
_.external_providers
_.authorised_by
_.received_on
_.current_transformers
_.voltage_transformers
_.adjustment
_.specification
_.recalibration
_.provided_by_customer
_.opinions

# of a product file, for the retest policy
_.most_attempts
_.retest

# http.server looks them up
_.do_GET
_.log_message

# the templates and drawings of the station page read these names
_.big
_.live_text
live_text, failure_classes, trends, units_seen, voltages_deg, currents_deg
