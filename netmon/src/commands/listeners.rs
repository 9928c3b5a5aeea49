//! What `netmon run` serves: metrics, the socket, the web page. What nobody asked for by hand is done without where it cannot
//! be had: a service had better monitor without it than not at all.

use std::io;

use anyhow::Context as _;
use axum::Router;
use netmon::config::Loaded;
use netmon::outlets::http::Hosts;
use netmon::outlets::metrics::Metrics;
use netmon::report::story::numbers::Clock;
use netmon::views::{Options, Shown, Views};

/// Listens, for as long as what is returned lives.
pub fn start(loaded: &Loaded, clock: Clock) -> anyhow::Result<(Option<Metrics>, Option<Views>)> {
    let settings = &loaded.config.views;
    let host = host();
    let hosts = Hosts::new(settings.allowed_hosts.iter().cloned().chain([host.clone()]));
    let mut shown = Shown::new(Options {
        token: settings.token.clone(),
        history: loaded.config.history.as_ref().map(|history| history.file.clone()),
        clock,
        host,
        hosts: hosts.clone(),
        controls: None,
    });
    let (mut metrics, routes) = Metrics::new(loaded.config.metrics);
    metrics.set_names(&loaded.config.names);
    // The web page's listener has the metrics too; where both are to be at one address, it is the only one.
    let is_apart = loaded.arguments.metrics.is_some() && loaded.arguments.metrics != settings.web;
    let mut are_served = is_apart && listen(&mut metrics, hosts.over(routes.clone()), loaded)?;
    socket(loaded, &mut shown)?;
    if let Some(address) = settings.web {
        match shown.at_address(address, routes) {
            Ok(_) => are_served = true,
            Err(error) if loaded.is_from_file("web.listen") => {
                tracing::warn!(
                    "{error}; monitoring goes on without the web page until web.listen is changed and netmon restarted"
                );
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut views = shown
        .start()
        .context("cannot start the thread that shows what happens")?;
    if let Some(views) = &mut views {
        views.set_names(&loaded.config.names);
    }
    Ok((are_served.then_some(metrics), views))
}

/// Serves metrics by a listener of their own; whether that could be done.
fn listen(metrics: &mut Metrics, routes: Router, loaded: &Loaded) -> anyhow::Result<bool> {
    match metrics.listen(routes) {
        Ok(_) => Ok(true),
        Err(error) if loaded.is_from_file("metrics.listen") => {
            tracing::warn!(
                "{error}; monitoring goes on without metrics until metrics.listen is changed and netmon restarted"
            );
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn socket(loaded: &Loaded, shown: &mut Shown) -> anyhow::Result<()> {
    let settings = &loaded.config.views;
    let Some(path) = &settings.socket else {
        return Ok(());
    };
    let Err(error) = shown.at_socket(path) else {
        return Ok(());
    };
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => "another netmon has it".to_owned(),
        _ => error.to_string(),
    };
    let message = format!(
        "cannot serve `netmon top` and `netmon status` at {}: {why}",
        path.display()
    );
    if !settings.is_socket_asked_for {
        tracing::info!("{message}");
    } else if loaded.is_from_file("socket") {
        tracing::warn!("{message}; monitoring goes on without");
    } else {
        anyhow::bail!("{message}");
    }
    Ok(())
}

/// This host's name.
fn host() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
