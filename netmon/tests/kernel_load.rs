//! The kernel takes the programs and the maps, as they are and with logging, within their bounds.

use aya::TestRun as _;
use aya::programs::TestRunOptions;
use netmon::kernel::{Kernel, Program, Settings, features};

/// A frame of no protocol that is read.
const FRAME: [u8; 64] = [0; 64];

#[test]
#[ignore = "needs root: loads programs"]
fn the_kernel_takes_all_programs_with_and_without_logging() {
    for log in [false, true] {
        let settings = Settings {
            log,
            ..Settings::default()
        };
        let mut kernel = Kernel::load(&settings).unwrap();
        if features::has_xdp_frags() {
            let xdp = kernel.xdp().unwrap().info().unwrap();
            println!(
                "xdp: {:?} instructions verified",
                xdp.verified_instruction_count()
            );
        }
        for program in Program::ALL
            .into_iter()
            .filter(|program| *program != Program::Xdp)
        {
            let info = kernel.classifier(program).unwrap().info().unwrap();
            println!("{}: {:?}", program.name(), info.verified_instruction_count());
        }
    }
}

#[test]
#[ignore = "needs root: loads programs"]
fn a_packet_that_is_run_through_the_program_is_counted_and_passed_on() {
    const XDP_PASS: u32 = 2;
    let mut kernel = Kernel::load(&Settings::default()).unwrap();
    let mut poller = kernel.poller().unwrap();
    let options = TestRunOptions {
        data_in: Some(&FRAME),
        ..TestRunOptions::new()
    };
    let result = kernel.xdp().unwrap().test_run(options).unwrap();
    assert_eq!(result.return_value, XDP_PASS);
    let counts = poller.counts().unwrap();
    assert_eq!(counts.totals.frames, 1);
    assert!(counts.add_up());
}
