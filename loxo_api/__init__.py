"""Client for the Loxo API: config, endpoint facts, rate limiter, pages and errors, without any connector framework."""
