"""What tests share: servers, makers, fakes at the wire."""
