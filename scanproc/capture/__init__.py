"""A foot recorded live: frames come from a camera, the good ones are written at once, what is not seen yet is said.

camera         what a depth camera gives; `realsense` is one, `simulation.live_camera` another
tracking       where the camera was in a frame, against the frames kept so far (`registration.incremental`)
foot_box       a box round the foot without its leg, in which directions have names
coverage       which directions of that box were seen, and by how many frames
frame_quality  whether a frame is near enough, still enough, and whole
session        the loop, by hand or stop by stop; `preview` draws what it says, `preview_page` shows that in a browser
"""
