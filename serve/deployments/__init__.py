"""The models on Ray Serve: an application `models` of three deployments, and how it is started.

    Transcriber   windows of at most 30 s → words; windows that wait together are read together
    Diarizer      a recording by reference → voices, speakers; tells how far it is
    Summarizer    a transcript → minutes; tells how far it is

Speech is not found here: Silero listens to an hour in a fraction of what it would cost to send the
hour to a replica, so voice activity stays with whoever runs the meeting. Nothing imports ray before
`app` or `start` is used; what the deployments do can be tested without it.
"""
