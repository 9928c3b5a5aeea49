//! What is checked in each kernel: privileged tests of `cargo xtask test`, the very same executables.

use std::time::Duration;

/// How long one test may take under emulation.
pub const PATIENCE: Duration = Duration::from_mins(10);

/// One line of docs/kernel-support.md.
pub struct Check {
    /// What it shows.
    pub what: &'static str,
    /// The executable of the tests.
    pub executable: &'static str,
    /// Their names.
    pub tests: &'static [&'static str],
}

/// All of them.
pub const CHECKS: [Check; 15] = [
    Check {
        what: "the verifier accepts the programs, with and without their log",
        executable: "kernel_load",
        tests: &["the_kernel_takes_all_programs_with_and_without_logging"],
    },
    Check {
        what: "each hook counts alike, and says which it is",
        executable: "hooks",
        tests: &["every_hook_counts_alike_and_tells_which_it_is"],
    },
    Check {
        what: "beside a qdisc `ingress` of others what leaves is seen, or it is said that it is not",
        executable: "hooks",
        tests: &[
            "beside_an_ingress_qdisc_what_leaves_is_seen_by_tcx_and_else_said_to_be_unseen_until_it_is_gone",
        ],
    },
    Check {
        what: "packets as large as an MTU of 1,500, 3,500 and 9,000 pass at each hook, and are counted",
        executable: "hooks",
        tests: &["packets_as_large_as_the_mtu_pass_and_are_counted_at_each_hook"],
    },
    Check {
        what: "the textbook incident on the client, the server and a router, over IPv4 and IPv6, counted exactly",
        executable: "outage",
        tests: &[
            "the_client_host_sees_its_server_go_and_come_back",
            "the_server_host_sees_queries_come_in_and_errors_go_out_over_ipv6",
            "a_router_counts_each_packet_once_on_its_two_interfaces",
        ],
    },
    Check {
        what: "counts and an outage where 8 CPUs are possible, 2 are there, and one of them goes: exact",
        executable: "cpus",
        tests: &["counts_are_exact_where_more_cpus_are_possible_than_there_are_and_one_of_them_goes"],
    },
    Check {
        what: "the table of frames, by each program",
        executable: "frames_kernel",
        tests: &[
            "named::the_xdp_program_counts_every_named_frame_as_the_contract_says",
            "named::the_tc_program_for_what_arrives_counts_every_named_frame_as_the_contract_says",
            "named::the_tc_program_for_what_leaves_counts_every_named_frame_as_the_contract_says",
            "tun::packets_that_arrive_without_an_ethernet_header_are_counted_as_the_contract_says",
            "tun::packets_that_leave_without_an_ethernet_header_are_counted_as_the_contract_says_and_stay_as_they_are",
        ],
    },
    Check {
        what: "an outage behind a tunnel, without Ethernet headers: `tun`, IP in IP, GRE and WireGuard, counted exactly",
        executable: "tunnels",
        tests: &[
            "outage::an_outage_behind_a_tun_device_is_reported_and_counted_exactly",
            "outage::an_outage_behind_a_vxlan_without_ethernet_headers_is_reported_and_counted_exactly",
            "outage::an_outage_behind_a_tunnel_of_ip_in_ip_is_reported_and_counted_exactly",
            "outage::an_outage_behind_a_tunnel_of_gre_is_reported_and_counted_exactly",
            "outage::an_outage_behind_wireguard_is_reported_and_counted_exactly",
        ],
    },
    Check {
        what: "the incident between network cards, counted exactly, at the hook that `netmon doctor` said: virtio-net with one queue, \
               with two, without offloads, with offloads that the host keeps on, and e1000",
        executable: "cards",
        tests: &[
            "a_virtio_card_with_one_queue",
            "a_virtio_card_with_several_queues",
            "a_virtio_card_without_offloads",
            "a_virtio_card_whose_offloads_stay_on",
            "a_virtio_card_whose_offloads_stay_on_is_not_tried_at_xdp",
            "an_e1000_card",
        ],
    },
    Check {
        what: "killed with SIGKILL under load and started again with pins: nothing is lost",
        executable: "pins",
        tests: &["nothing_is_lost_when_netmon_is_killed_and_its_programs_are_replaced_under_load"],
    },
    Check {
        what: "a netmon that is killed, and one that ends, leave nothing behind",
        executable: "killed",
        tests: &[
            "the_next_one_takes_away_what_one_that_was_killed_has_left_and_nothing_else",
            "detach_takes_away_what_one_that_was_killed_has_left",
            "a_queueing_discipline_that_netmon_made_goes_with_it_and_another_one_stays",
        ],
    },
    Check {
        what: "the wall clock is really set, an hour forward and an hour back, and the power fails: no false incident, nothing lost",
        executable: "history",
        tests: &[
            "wall_clock::a_wall_clock_that_is_stepped_makes_no_incident_hides_none_and_shows_in_all_times",
            "power_cut::a_power_cut_in_mid_write_costs_nothing_that_the_history_had_shown",
        ],
    },
    Check {
        what: "it gives up the rights that it needs no more",
        executable: "rights",
        tests: &["once_it_watches_no_thread_has_more_than_the_right_to_attach"],
    },
    Check {
        what: "a user with the three capabilities, and with nothing else, may run it",
        executable: "service",
        tests: &["a_user_with_three_capabilities_watches_pins_keeps_and_serves"],
    },
    Check {
        what: "`netmon doctor` finds nothing that would stop netmon",
        executable: "doctor",
        tests: &["the_doctor_finds_nothing_here_that_would_stop_netmon"],
    },
];
