"""A service over HTTP: a chassis, the edition that it carries, and the engine that stores."""
