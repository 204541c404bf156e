//! Keeps NaN: some drivers' exp, log and sqrt make numbers of it.
import package::lib::num::{num};

/// f, or z where that is NaN: neither above 0 nor not above.
fn kept(z: num, f: num) -> num {
  return select(select(z, f, z > num(0.0)), f, z <= num(0.0));
}

fn exp_of(z: num) -> num { return kept(z, exp(z)); }

fn log_of(z: num) -> num { return kept(z, log(z)); }
