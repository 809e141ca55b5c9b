package api

//go:generate go run ../internal/generate ..
