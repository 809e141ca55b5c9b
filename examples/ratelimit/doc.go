// Package ratelimit holds calls to Klarna back, so that a shop stays under Klarna's rate limit. Klarna counts calls per
// merchant id, not per program: [OneProcess] is for a shop that runs once, [Shared] for one on several machines, with its
// count in Redis.
//
//	client, err := klarna.New(env, creds, klarna.WithLimiter(ratelimit.NewShared(redisClient, ratelimit.Production)))
package ratelimit
