// Look again now and then: the page becomes the factory's as soon as there is one.
setTimeout(() => location.reload(), 5000);
